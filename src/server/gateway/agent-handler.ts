import { parseFeatures } from '../../protocol/agent-features.js'
import { heartBeatAnswer, fullQueryWanted } from '../../protocol/messages/heart-beat.js'
import { type MessageName, messages } from '../../protocol/messages/index.js'
import { CONNECTED } from '../../protocol/messages/connection-detect.js'
import { NOT_SUPPORTED } from '../../protocol/messages/state-configurations.js'
import { parseKickAnswer } from '../../protocol/kick.js'
import { parseOsType } from '../../protocol/user-agent.js'
import type { AgentRegistry, Presence } from '../domain/fleet/agents.js'
import type { AgentFiles } from '../domain/files/agent-files.js'
import type { AgentTasks } from '../domain/invocations/agent-tasks.js'
import type { AdmittedHost } from './admission.js'
import type { Tell } from './gateway-event.js'
import { writeHandOut } from './hand-out.js'
import { readRegistration, REGISTRATION_REFUSALS } from './registration.js'
import { readFileReport, readReport, type ReportName } from './reports.js'

// The only translator: a message, a verb of the domain, an answer. Both transports end here.

/** A request whose endpoint is known and whose sender was admitted where that is needed. */
export interface AgentRequest {
  readonly name: MessageName
  readonly query: string
  readonly body: Buffer
  /** Undefined for unsigned messages. */
  readonly host: AdmittedHost | undefined
  readonly address: string | undefined
}

export interface AgentAnswer {
  readonly status: number
  readonly text: string
}

export interface AgentHandler {
  /** Rejects with what the domain throws. */
  answer(request: AgentRequest): AgentAnswer | Promise<AgentAnswer>
  /** A text frame of a verified host's notify socket. */
  frame(instanceId: string, text: string): void
}

interface Parts {
  readonly registry: AgentRegistry
  readonly presence: Pick<Presence, 'clockCorrection'>
  readonly tasks: AgentTasks
  readonly files: AgentFiles
  readonly tell: Tell
  /** The state of this node that follows from messages. */
  readonly node: {
    /** A fetch of this host has arrived. */
    fetched(instanceId: string): void
    /** The host has another key from now on, or none. */
    identityChanged(instanceId: string): void
    /** The host is no longer registered. */
    deregistered(instanceId: string): void
  }
}

type SignedCall = AgentRequest & { readonly host: AdmittedHost }

const isSigned = (request: AgentRequest): request is SignedCall => request.host !== undefined

export const createAgentHandler = ({ registry, presence, tasks, files, tell, node }: Parts): AgentHandler => {
  const unreadable = (call: AgentRequest, reason: string): AgentAnswer => {
    const path = messages[call.name].path
    tell({ kind: 'malformed', path, reason, instanceId: call.host?.instanceId })
    return refusal(400, reason)
  }

  const register = async (call: AgentRequest): Promise<AgentAnswer> => {
    const registration = readRegistration(call.body.toString('utf8'), call.address)
    if (!registration.ok) {
      tell({ kind: 'registration-refused', refusal: 'malformed', address: call.address })
      return notRegistered({ code: 400, errMsg: `The registration cannot be read: ${registration.reason}.` })
    }
    const outcome = await registry.register(registration.value)
    if (!outcome.registered) {
      tell({ kind: 'registration-refused', refusal: outcome.refusal, address: call.address })
      return notRegistered(REGISTRATION_REFUSALS[outcome.refusal])
    }
    node.identityChanged(outcome.instanceId)
    tell({ kind: 'registered', instanceId: outcome.instanceId, address: call.address })
    return ok(messages.register.answer.encode({ code: 200, instanceId: outcome.instanceId }))
  }

  const deregister = async ({ host: { instanceId } }: SignedCall): Promise<AgentAnswer> => {
    await registry.deregister(instanceId)
    node.deregistered(instanceId)
    tell({ kind: 'deregistered', instanceId })
    return ACKNOWLEDGED
  }

  const heartBeat = async (call: SignedCall): Promise<AgentAnswer> => {
    const query = messages.heartBeat.query.decode(call.query)
    if (!query.ok) return unreadable(call, query.reason)
    const beat = query.value
    const { userAgent } = call.host
    const osType = userAgent?.osType ?? parseOsType(beat.os_type ?? '')
    const agentVersion = userAgent?.version ?? beat.app_version
    if (osType === undefined || agentVersion === undefined) return FULL_QUERY_WANTED
    const { nextIntervalMs } = await registry.heartbeat(call.host.instanceId, {
      osType,
      agentVersion,
      pid: beat.pid,
      processUptimeMs: beat.process_uptime,
      uptimeMs: beat.uptime,
      agentTime: beat.timestamp,
      coldStart: beat.cold_start,
      osVersion: beat.os_version,
    })
    return ok(heartBeatAnswer(nextIntervalMs))
  }

  const fetchTasks = async (call: SignedCall): Promise<AgentAnswer> => {
    const query = messages.taskList.query.decode(call.query)
    if (!query.ok) return unreadable(call, query.reason)
    const { instanceId, userAgent } = call.host
    node.fetched(instanceId)
    const { reason, cold_start: coldStart, supports } = query.value
    const features = parseFeatures(supports)
    const handOut = await tasks.fetch(instanceId, { reason, coldStart, supports: features })
    const os = userAgent?.osType === 'Windows' ? 'windows' : 'posix'
    const sent = await files.fetch(instanceId, reason === 'startup', features)
    const { text, withheld } = writeHandOut(instanceId, handOut, os, sent)
    for (const { taskId, param, value } of withheld) {
      tell({ kind: 'task-withheld', instanceId, taskId, reason: param })
      await tasks.report(instanceId, { kind: 'invalid', taskId, param, value, withheld: true })
    }
    return ok(text)
  }

  const report = async (call: SignedCall, name: ReportName): Promise<AgentAnswer> => {
    const { instanceId } = call.host
    const ofFile = readFileReport(name, call.query)
    if (ofFile?.ok === false) return unreadable(call, ofFile.reason)
    if (ofFile !== undefined) {
      await files.report(instanceId, ofFile.value)
      return ACKNOWLEDGED
    }
    const read = readReport(name, call.query, call.body, presence.clockCorrection(instanceId))
    if (!read.ok) return unreadable(call, read.reason)
    if (read.value !== undefined) await tasks.report(instanceId, read.value)
    return ACKNOWLEDGED
  }

  const incident = (call: SignedCall): AgentAnswer => {
    const { body } = messages.clientReport
    const document = body.kind === 'json' ? body.codec.decode(call.body.toString('utf8')) : undefined
    if (document?.ok !== true) return unreadable(call, document?.reason ?? 'there is no document')
    tell({ kind: 'incident', instanceId: call.host.instanceId, type: document.value.type })
    return ACKNOWLEDGED
  }

  /** Documents of which nothing follows; one that cannot be read is still refused. */
  const readOnly = (call: AgentRequest, answer: AgentAnswer): AgentAnswer => {
    const message = messages[call.name]
    const query = message.query.decode(call.query)
    if (!query.ok) return unreadable(call, query.reason)
    if (message.body.kind !== 'json') return answer
    const document = message.body.codec.decode(call.body.toString('utf8'))
    return document.ok ? answer : unreadable(call, document.reason)
  }

  const answerSigned = (call: SignedCall): AgentAnswer | Promise<AgentAnswer> => {
    switch (call.name) {
      case 'heartBeat':
        return heartBeat(call)
      case 'taskList':
        return fetchTasks(call)
      case 'taskRunning':
      case 'taskFinish':
      case 'taskTimeout':
      case 'taskError':
      case 'taskStopped':
      case 'taskInvalid':
      case 'taskVerified':
        return report(call, call.name)
      case 'deregister':
        return deregister(call)
      case 'clientReport':
        return incident(call)
      case 'sessionList': {
        const { instanceId } = call.host
        return readOnly(call, ok(messages.sessionList.answer.encode({ code: 200, instanceId, session: [] })))
      }
      case 'connectionDetect':
      case 'register':
      case 'metrics':
        return answerUnsigned(call)
      default:
        return readOnly(call, NOTHING_TO_DO[call.name])
    }
  }

  const answerUnsigned = (call: AgentRequest): AgentAnswer | Promise<AgentAnswer> => {
    switch (call.name) {
      case 'connectionDetect':
        return ok(CONNECTED)
      case 'register':
        return register(call)
      case 'metrics':
        return readOnly(call, ACKNOWLEDGED)
      default:
        return refusal(401, 'The request is not signed by a registered host.')
    }
  }

  return {
    answer(request) {
      return isSigned(request) ? answerSigned(request) : answerUnsigned(request)
    },

    frame(instanceId, text) {
      const answer = parseKickAnswer(text)
      if (answer?.answer === 'reject') {
        tell({ kind: 'update-installing', instanceId })
        tasks.rejected(instanceId)
      } else if (answer?.answer !== 'accept') {
        tell({ kind: 'kick-not-understood', instanceId })
      }
    },
  }
}

const ok = (text: string): AgentAnswer => ({ status: 200, text })

/** A refusal that a vendor's agent logs; with status 400 it does not try again. */
export const refusal = (status: number, reason: string): AgentAnswer => ({
  status,
  text: JSON.stringify({ code: status, errMsg: reason }),
})

const notRegistered = ({ code, errMsg }: { readonly code: number; readonly errMsg: string }): AgentAnswer =>
  ok(messages.register.answer.encode({ code, instanceId: '', errMsg }))

const ACKNOWLEDGED = ok(messages.metrics.answer.encode({ code: 200 }))

const FULL_QUERY_WANTED = ok(messages.heartBeat.answer.encode({ code: 400, errMsg: fullQueryWanted('os_type') }))

const HALF_AN_HOUR_IN_SECONDS = 1_800

const noUpdates = ok(
  messages.pluginUpdateCheck.answer.encode({ instanceId: '', nextInterval: HALF_AN_HOUR_IN_SECONDS, plugin: [] }),
)
const noStates = ok(messages.listStateConfigurations.answer.encode({ errCode: NOT_SUPPORTED, errMsg: '' }))

/** What endpoints answer that have nothing to give (agent-protocol.md §12). */
const NOTHING_TO_DO = {
  gshell: ok(messages.gshell.answer.encode({ code: 200, gshellSupport: 'false' })),
  sessionStatus: ACKNOWLEDGED,
  pluginList: ok(messages.pluginList.answer.encode({ code: 200, requestId: '', instanceId: '', pluginList: [] })),
  pluginReportStatus: ACKNOWLEDGED,
  pluginUpdateCheck: noUpdates,
  pluginUpdateCheckV1: noUpdates,
  updateCheck: ok(messages.updateCheck.answer.encode({ need_update: 0, next_interval: HALF_AN_HOUR_IN_SECONDS })),
  listStateConfigurations: noStates,
  getTemplate: noStates,
  putInventory: noStates,
  putInstanceStateReport: noStates,
} as const satisfies Partial<Record<MessageName, AgentAnswer>>
