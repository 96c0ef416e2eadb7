// Files that are sent to hosts: what callers asked for, what hosts did with them, and what the server may tell of it.
// Written from api.md §9 and design §5, not from the server's tables.
import { CALLER, SCOPE } from '../../src/server/domain/_support.js'
import type { FileReport } from '../../src/server/domain/files/agent-files.js'
import type { FileResult, FileSend } from '../../src/server/domain/files/files.js'
import type { Chance } from '../load/random.js'
import { type HandedOut, isInDoubt } from './facts.js'
import type { ModelHost } from './model-host.js'
import type { RolloutFacts } from './rollouts.js'
import type { Stage } from './stage.js'

/** What a host makes of a file, every time that it tries; `silent`: it is never heard of again. */
type Outcome = 'written' | 'fails' | 'refuses' | 'silent'

const OUTCOMES: readonly Outcome[] = ['written', 'written', 'written', 'written', 'fails', 'refuses', 'silent']
const TOLD_AS = {
  written: { status: 'Success', errorCode: '' },
  fails: { status: 'Failed', errorCode: 'FileAuthorityInvalid' },
  refuses: { status: 'Invalid', errorCode: 'FileNameInvalid' },
} as const

export interface FileFacts {
  readonly send: SendFacts
  readonly host: ModelHost
  readonly outcome: Outcome
  /** The host was live when it was submitted; undefined where that was in doubt. */
  readonly wasLive: boolean | undefined
  readonly handed: HandedOut[]
  /** The host tried. */
  tried: boolean
  /** What it came to was acknowledged, and that it is there already. */
  endTold: boolean
  existsTold: boolean
  clockSet: boolean
}

export interface SendFacts {
  readonly number: number
  id: string
  readonly content: string
  readonly timeoutMs: number
  readonly submittedAt: number
  readonly rollout: RolloutFacts | undefined
  readonly files: readonly FileFacts[]
}

export interface FileMail {
  readonly file: FileFacts
  readonly what: 'end' | 'exists'
}

/** Sends one, and writes down what may be expected. @returns false: a host was gone in the same moment */
export const sendTo = async (
  stage: Stage,
  chance: Chance,
  hosts: readonly ModelHost[],
  rollout: RolloutFacts | undefined,
  rerunOf?: string,
): Promise<boolean> => {
  const number = stage.nextNumber()
  const timeoutSeconds = chance.between(10, 90)
  const outcomes = hosts.map(() => chance.pick(OUTCOMES))
  const before = hosts.map((host) => stage.isLive(host))
  const content = `file ${number}`
  const submittedAt = stage.now()
  const file = {
    name: `${number}.txt`,
    description: '',
    targetDir: '/tmp',
    content: Buffer.from(content),
    contentType: 'PlainText',
    owner: 'root',
    group: 'root',
    mode: '0644',
    overwrite: false,
  } as const
  const request = { timeoutSeconds, resourceGroupId: '', tags: [], rollout: rollout?.request, rerunOf }
  const instanceIds = rerunOf === undefined ? hosts.map(({ id }) => id) : []
  const send: SendFacts = {
    number,
    id: '',
    content,
    timeoutMs: timeoutSeconds * 1_000,
    submittedAt,
    rollout,
    files: [],
  }
  try {
    const { files } = stage.world.parts.domain
    send.id = (await files.send(SCOPE, CALLER, file, { ...request, instanceIds }, undefined)).invokeId
  } catch (cause) {
    if (hosts.some((host) => host.gone)) return false
    throw cause
  }
  const facts = send.files as FileFacts[]
  for (const [at, host] of hosts.entries()) {
    const isSure = rollout === undefined && before[at] === stage.isLive(host)
    const wasLive = isSure ? before[at] : undefined
    const rest = { handed: [], tried: false, endTold: false, existsTold: false, clockSet: false }
    facts.push({ send, host, outcome: outcomes[at] ?? 'written', wasLive, ...rest })
  }
  for (const early of stage.handedEarly.splice(0)) {
    const file = early.taskId === send.id ? facts.find(({ host }) => host.id === early.hostId) : undefined
    if (file === undefined) stage.handedEarly.push(early)
    else file.handed.push(early)
  }
  stage.sends.push(send)
  const name = `the file #${number} (${timeoutSeconds} s${rollout === undefined ? '' : `, ${rollout.text}`})`
  stage.say(`sends ${name} to ${hosts.map((host) => host.name).join(', ')}`)
  for (const host of hosts) host.story.push(`${stage.step}: is sent ${name}`)
  return true
}

/** A host asks for files, and writes what comes. Agents write within their fetch. */
export const fetchFiles = async (stage: Stage, host: ModelHost, isFirst: boolean, isLost: boolean): Promise<void> => {
  const { process } = host
  const now = stage.now()
  const isHeard = process.beaten
  const mine = stage.sends.flatMap(({ files }) => files.filter((file) => file.host === host))
  const reported = new Set(mine.filter((file) => file.endTold || file.existsTold))
  const handed = await stage.world.parts.files.fetch(host.id, isFirst)
  if (host.lies) return
  for (const { taskId, content } of handed) {
    const file = stage.fileOf(taskId, host.id)
    // Its submission is not answered yet: what came is as good as lost.
    if (file === undefined) {
      stage.handedEarly.push({ taskId, hostId: host.id, at: now, process: process.number, isHeard })
      continue
    }
    const fail = (what: string): void => void stage.wrong.push(`the file #${file.send.number} on ${host.name}: ${what}`)
    if (Buffer.from(content).toString() !== file.send.content) fail('it is another file')
    const since = now - (file.handed[0]?.at ?? now)
    if (reported.has(file)) fail('it is handed out again after a report')
    else if (file.handed.length > 0 && !file.clockSet && (since < 2_000 || since > 45_000))
      fail(`it is handed out again after ${since} ms`)
    file.handed.push({ at: now, process: process.number, isHeard })
    if (isLost || host.process !== process) continue
    if (file.tried && host.agent === 'ours') continue
    const isThere = file.tried && file.outcome === 'written'
    if (file.outcome !== 'silent') host.fileMail.push({ file, what: isThere ? 'exists' : 'end' })
    file.tried = true
  }
  if (handed.length > 0)
    stage.say(
      `gets files: ${handed.map(({ taskId }) => `#${stage.fileOf(taskId, host.id)?.send.number ?? '?'}`).join(' ')}${isLost ? ', the answer is lost' : ''}`,
      host,
    )
}

const reportOf = ({ file, what }: FileMail): FileReport => {
  const taskId = file.send.id
  if (what === 'exists') return { kind: 'invalid', taskId, param: 'FileExist', value: 'a' }
  if (file.outcome === 'refuses') return { kind: 'invalid', taskId, param: 'FileNameInvalid', value: 'a' }
  return { kind: 'finish', taskId, code: file.outcome === 'written' ? 0 : 2 }
}

/** Files are told of once; ours tells until it is heard. */
export const deliverFileMail = async (
  stage: Stage,
  host: ModelHost,
  mail: FileMail,
  fate: 'arrives' | 'lost' | 'answer lost',
): Promise<void> => {
  const name = `${mail.what} of the file #${mail.file.send.number} (${mail.file.outcome})`
  const isKept = host.agent === 'ours'
  if (fate === 'lost' || !(await stage.speak(host))) {
    if (isKept) host.fileMail.push(mail)
    else stage.say(`loses ${name}`, host)
    return
  }
  await stage.world.parts.files.report(host.id, reportOf(mail))
  stage.say(`tells ${name}${fate === 'arrives' ? '' : ', and the answer is lost'}`, host)
  if (mail.what === 'exists') mail.file.existsTold = true
  else mail.file.endTold = true
  if (fate === 'answer lost') host.fileMail.push(mail)
}

/** An agent that says anything of files. */
export const lieOfFiles = async (stage: Stage, host: ModelHost, chance: Chance): Promise<void> => {
  const mine = stage.sends.filter(({ files }) => files.some((file) => file.host === host))
  const chosen = (chance.chance(0.9) ? mine : stage.sends).slice(-8)
  const taskId = chosen.length === 0 ? 'f-nothing' : chance.pick(chosen).id
  const report: FileReport = chance.chance(0.5)
    ? { kind: 'finish', taskId, code: chance.pick([0, 1, 99, -1]) }
    : { kind: 'invalid', taskId, param: chance.pick(['FileExist', 'x']), value: 'y' }
  const isFetch = chance.chance(0.3)
  if (!(await stage.speak(host))) return
  if (isFetch) await stage.world.parts.files.fetch(host.id, chance.chance(0.5))
  else await stage.world.parts.files.report(host.id, report)
}

const OPEN = ['Pending', 'Running']
const RESTARTED = ['ClientRestarted', 'InstanceRestarted']

/** Sentences about what the server tells of a file on an honest host and must not. */
const judgeFile = (file: FileFacts, told: FileResult, isSettled: boolean): readonly string[] => {
  const { status, errorCode, updatedAt } = told
  const { host, handed, send, outcome } = file
  if (file.endTold && outcome !== 'silent') {
    const should = TOLD_AS[outcome]
    return status === should.status && errorCode === should.errorCode ? [] : [`${outcome} was acknowledged`]
  }
  switch (status) {
    case 'Pending':
      return isSettled ? ['it never ends'] : handed.length > 0 ? ['it was handed out'] : []
    case 'Running':
      return isSettled ? ['it never ends'] : handed.length === 0 ? ['it was never handed out'] : []
    case 'Aborted':
      if (handed.length > 0) return ['it was handed out']
      if (errorCode === 'ClientNotRunning') return file.wasLive === true ? ['its host was live'] : []
      if (errorCode === 'InstanceDeregistered') return host.gone ? [] : ['its host is there']
      if (errorCode === 'RolloutEnded') return send.rollout?.mayHold === true ? [] : ['it has no rollout that ended']
      return file.clockSet || updatedAt >= send.submittedAt + 60_000 ? [] : [`${errorCode} within a minute`]
    case 'Timeout': {
      const deadline = (handed[0]?.at ?? Number.POSITIVE_INFINITY) + send.timeoutMs
      return file.clockSet || updatedAt >= deadline ? [] : ['it was given up before its time']
    }
    case 'Error':
      if (handed.length === 0) return ['it was never handed out']
      if (errorCode === 'InstanceDeregistered') return host.gone ? [] : ['its host is there']
      if (RESTARTED.includes(errorCode)) {
        const { number } = host.process
        const isThere = handed.every(({ process }) => process === number) && !isInDoubt(host, handed)
        return isThere ? ['the process that took it is there'] : []
      }
      return file.existsTold ? [] : ['nobody reported that']
    default:
      return ['nobody reported that']
  }
}

/** api.md §9.2, from what is told of its hosts. */
const rolledUp = (statuses: readonly string[]): string => {
  for (const open of OPEN) if (statuses.includes(open)) return open
  const success = statuses.filter((status) => status === 'Success').length
  return success === statuses.length ? 'Success' : success === 0 ? 'Failed' : 'PartialFailed'
}

export const judgeSends = (stage: Stage, sends: readonly FileSend[], isSettled: boolean): readonly string[] => {
  const wrong: string[] = []
  if (sends.length !== stage.sends.length) wrong.push(`${sends.length} files are told, ${stage.sends.length} were sent`)
  const byId = new Map(sends.map((send) => [send.invokeId, send]))
  for (const send of stage.sends) {
    const told = byId.get(send.id)
    const name = `the file #${send.number}`
    if (told === undefined || told.results.length !== send.files.length) {
      wrong.push(`${name} is not whole`)
      continue
    }
    const status = rolledUp(told.results.map((result) => result.status))
    if (told.status !== status) wrong.push(`${name} is ${told.status}, its hosts make it ${status}`)
    for (const file of send.files) {
      const result = told.results.find(({ instanceId }) => instanceId === file.host.id)
      if (result === undefined) wrong.push(`${name} is not told on ${file.host.name}`)
      else if (!file.host.lies)
        for (const what of judgeFile(file, result, isSettled))
          wrong.push(`${name} on ${file.host.name} is ${result.status} ${result.errorCode}: ${what}`)
    }
  }
  return wrong
}
