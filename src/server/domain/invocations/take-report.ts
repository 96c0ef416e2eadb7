import type { Clock } from '../clock.js'
import { hideInOutput, hideInWords } from '../secrets/hide-secrets.js'
import { outageText } from '../fleet/outage.js'
import type { PresenceTable } from '../fleet/presence.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import type { AgentTasks, Report } from './agent-tasks.js'
import { changeTask } from './change-task.js'
import { ERROR_TEXTS, executionError, invalidError } from './error-texts.js'
import { REPORT_MS } from './hand-out.js'
import type { InvocationScript } from './invocation-store.js'
import { isContained } from './run-options.js'
import type { Scripts } from './scripts.js'
import { isFinal, isHeld, move, type TaskEvent } from './task-states.js'
import { hasHistory } from './repeat-modes.js'
import { takeRunReport } from './take-run-report.js'
import type { TaskRow } from './task-store.js'

/** How long after its timeout a task may stay without its final report: four tries and their pauses. */
export const FINAL_REPORT_MS = 60_000
/** The agent has this script already: it says that the first hand-out arrived, nothing else (design §5). */
const SCRIPT_EXISTS = '-9'

export interface ReportParts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly presence: PresenceTable
  readonly scripts: Scripts
  readonly crowded: Set<string>
  readonly wake: (instanceIds: readonly string[]) => void
  readonly outputQuota: number
}

/** What a report changes besides the state. */
export interface Outcome {
  readonly event: TaskEvent
  readonly unknown?: true
  readonly code: string
  readonly info: string
  readonly exitCode?: number
}

/**
 * Takes a report of an agent in. Reports come twice, late and in any order: a final one without `running` is taken, a
 * `running` behind the final one is not, a late real result replaces an unknown one (design §5).
 */
export const takeReport = (parts: ReportParts): AgentTasks['report'] => {
  const { stores, clock, scripts, crowded, wake } = parts
  return async (instanceId, said) => {
    const script = await scripts.find(said.taskId)
    if (script === undefined || (said.kind === 'verified' && script.repeatMode !== 'DryRun')) return
    const found = await stores.write(async (w): Promise<Found> => {
      const task = await w.tasks.find(said.taskId, instanceId)
      // What its host was never given, it cannot have run.
      if (task === undefined || isHeld(task.state)) return 'nothing'
      const report = await hideInWords(w, script, said)
      const now = clock.now()
      if (hasHistory(task.repeatMode)) {
        // Read behind its task, which a change of it holds: it is the version that counts for this report.
        const current = await scripts.find(report.taskId, w.invocations)
        return current === undefined ? 'nothing' : takeRunReport(parts, w, current, task, report, now)
      }
      if (report.kind === 'verified') return verified(w, script, task, now)
      if (report.kind === 'running') return running(parts, w, script, task, report, now)
      if (report.kind === 'error' && report.errCode === SCRIPT_EXISTS) {
        if (!isFinal(task.state) && task.reportedAt === undefined)
          await w.tasks.save(task, { ...task, reportedAt: now, deadlineAt: now + REPORT_MS }, now)
        return 'nothing'
      }
      return ended(parts, w, script, task, report, now)
    })
    // A place is free again, or a stop or a changed schedule waits to be fetched.
    if (found === 'work-waits' || (found === 'ended' && crowded.delete(instanceId))) wake([instanceId])
  }
}

/** What a report led to, as far as the host has to be woken for it. */
export type Found = 'nothing' | 'work-waits' | 'ended'

/** The checks of a dry run are passed: that is all there is to it, no process ended (api.md §5.4). */
const verified = async (w: Writing, script: InvocationScript, task: TaskRow, now: number): Promise<Found> => {
  const state = move(task.state, task.outcomeUnknown, 'finish-0')
  if (state === undefined) return 'nothing'
  const after: TaskRow = {
    ...task,
    state,
    outcomeUnknown: false,
    errorCode: '',
    errorInfo: '',
    reportedAt: task.reportedAt ?? now,
    finishedAt: now,
    deadlineAt: undefined,
  }
  await changeTask(w, script.scope, task, after, now)
  return 'ended'
}

const running = async (
  { outputQuota }: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Report & { kind: 'running' },
  now: number,
): Promise<Found> => {
  const state = isFinal(task.state) ? undefined : move(task.state, false, 'running')
  if (state === undefined) return 'nothing'
  const first = task.startedAt === undefined
  if (!first && report.output.byteLength === 0) return 'nothing'
  const kept = await keepOutput(w, script, task, report.output, outputQuota, false)
  const startedAt = task.startedAt ?? (report.startedAt > 0 ? report.startedAt : now)
  const after: TaskRow = {
    ...task,
    ...kept,
    state,
    startedAt,
    reportedAt: task.reportedAt ?? now,
    deadlineAt: now + script.timeoutSeconds * 1_000 + FINAL_REPORT_MS,
  }
  // The deadline counts from `running`; later increments do not move it.
  await changeTask(w, script.scope, task, first ? after : { ...after, deadlineAt: task.deadlineAt }, now)
  return first && state === 'Stopping' ? 'work-waits' : 'nothing'
}

/** Also what a schedule that is refused as a whole comes to. */
export const ended = async (
  { outputQuota, presence }: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Exclude<Report, { kind: 'running' | 'verified' }>,
  now: number,
): Promise<Found> => {
  const startedAt = task.startedAt ?? toldStart(report)
  const outcome = qualified(presence, script, task, outcomeOf(report), startedAt)
  const state = move(task.state, task.outcomeUnknown, outcome.event)
  // "The agent does not know it" never stands over a real result or a stop that was confirmed.
  if (state === undefined || (outcome.unknown && isFinal(task.state))) return 'nothing'
  const replaces = isFinal(task.state)
  const output = report.kind === 'invalid' ? new Uint8Array() : report.output
  const kept = await keepOutput(w, script, task, output, outputQuota, true)
  const after: TaskRow = {
    ...task,
    ...kept,
    // An agent may say any number; their sum must stay one that a database gives back.
    dropped: Math.min(kept.dropped + (report.kind === 'invalid' ? 0 : report.dropped), Number.MAX_SAFE_INTEGER),
    state,
    outcomeUnknown: outcome.unknown ?? false,
    errorCode: outcome.code,
    errorInfo: outcome.info,
    exitCode: outcome.exitCode,
    reportedAt: task.reportedAt ?? now,
    startedAt,
    finishedAt: finishedAt(report, script, startedAt, now),
    deadlineAt: undefined,
  }
  await changeTask(w, script.scope, task, after, now)
  w.audit({
    ...script.scope,
    at: now,
    actor: task.instanceId,
    action: replaces ? 'agent/late-result' : `agent/${report.kind}`,
    subject: task.invokeId,
    detail: { from: task.state, to: state, process: presence.agentProcess(task.instanceId) },
  })
  return 'ended'
}

/** When a run began by the clock of its host; undefined for one that did not. */
export const toldStart = (report: Exclude<Report, { kind: 'running' | 'verified' }>): number | undefined =>
  report.kind !== 'invalid' && report.startedAt > 0 ? report.startedAt : undefined

/**
 * What is said beside an end that the vendor's agent tells (agent-protocol.md §6.3): it posts what a script writes once, whether
 * or not somebody answers, and leaves alone what it began in a container. Agents of ours do neither.
 */
export const qualified = (
  presence: PresenceTable,
  script: InvocationScript,
  { agentTells, handedOutAt, repeatMode }: TaskRow,
  outcome: Outcome,
  startedAt: number | undefined,
): Outcome => {
  if (agentTells !== false || outcome.unknown || outcome.event === 'invalid') return outcome
  // Upstream: of a schedule it posts nothing before the end of a run.
  const outage = repeatMode === 'Period' ? '' : outageText(presence, handedOutAt, startedAt)
  const goesOn = isContained(script) && (outcome.event === 'stopped' || outcome.event === 'timeout')
  const said = [
    outcome.info,
    ...(goesOn ? ['the agent of the host ends no processes in containers: it may go on'] : []),
    ...(outage === '' ? [] : [`output may be missing${outage}`]),
  ]
  return { ...outcome, info: said.filter((text) => text !== '').join('; ') }
}

export const outcomeOf = (report: Exclude<Report, { kind: 'running' | 'verified' }>): Outcome => {
  switch (report.kind) {
    case 'finish':
      return report.exitCode === 0
        ? { event: 'finish-0', code: '', info: '', exitCode: 0 }
        : {
            event: 'finish-other',
            code: 'ExitCodeNonzero',
            info: ERROR_TEXTS.ExitCodeNonzero,
            exitCode: report.exitCode,
          }
    case 'timeout':
      return { event: 'timeout', code: 'ExecutionTimeout', info: ERROR_TEXTS.ExecutionTimeout }
    case 'error':
      return { event: 'error', ...executionError(report.errCode, report.errDesc) }
    case 'invalid':
      return { event: 'invalid', ...invalidError(report.param, report.value) }
    case 'stopped':
      return report.startedAt > 0
        ? { event: 'stopped', code: '', info: '' }
        : {
            event: 'lost',
            unknown: true,
            code: 'ExecutionInterrupted',
            info: 'the agent does not know the command that was to be stopped; whether it ran is unknown',
          }
  }
}

/** No end is told as later: years have four digits on the wire. */
const LATEST = Date.UTC(9999, 11, 31)

/**
 * On a timeout the end is the start plus the timeout (api.md §8.1), else as long behind it as it lasted by the clock of its host:
 * ours may have been set meanwhile, and an end is never in front of its start.
 * @param isOfIt the report names the run that began at `startedAt`; an agent may name the one before
 */
export const finishedAt = (
  report: Exclude<Report, { kind: 'running' | 'verified' }>,
  script: InvocationScript,
  startedAt: number | undefined,
  now: number,
  isOfIt = true,
): number => {
  if (report.kind === 'timeout' && startedAt !== undefined) return startedAt + script.timeoutSeconds * 1_000
  if (report.kind === 'invalid' || report.endedAt <= 0) return Math.max(startedAt ?? now, now)
  if (startedAt === undefined || report.startedAt <= 0) return report.endedAt
  if (!isOfIt) return Math.max(startedAt, report.endedAt)
  return Math.min(startedAt + Math.max(0, report.endedAt - report.startedAt), LATEST)
}

/**
 * Keeps what fits into the quota, without secrets; what an agent sends beyond it is counted, not kept.
 * @param isLast nothing more comes of this run
 */
export const keepOutput = async (
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  said: Uint8Array,
  quota: number,
  isLast: boolean,
): Promise<{ outputBytes: number; dropped: number }> => {
  const output = await hideInOutput(w, script, task.instanceId, said, isLast)
  const room = Math.max(0, quota - task.outputBytes)
  const kept = output.byteLength <= room ? output : output.subarray(0, room)
  await w.tasks.appendOutput(task.invokeId, task.instanceId, kept)
  return {
    outputBytes: task.outputBytes + kept.byteLength,
    dropped: Math.min(task.dropped + output.byteLength - kept.byteLength, Number.MAX_SAFE_INTEGER),
  }
}
