// Reports about tasks that run more than once. A run is named by its start on the host's clock: what names the latest one is of
// it, what began well behind that one begins another, also when its `running` was lost, and all else is late
// (agent-protocol.md §4.5, §6.5).
import { keepRun } from '../outputs/output-delivery.js'
import { forgetHeld } from '../secrets/hide-secrets.js'
import type { Writing } from '../unit-of-work.js'
import type { Report } from './agent-tasks.js'
import { changeTask } from './change-task.js'
import type { ResultErrorCode } from './error-texts.js'
import { lastRunOf } from '../../../schedule/frequency.js'
import { runsOnce, frequencyOf } from './frequency-of.js'
import { scheduleDeadline } from './hand-out.js'
import type { InvocationScript } from './invocation-store.js'
import {
  ended,
  FINAL_REPORT_MS,
  type Found,
  keepOutput,
  outcomeOf,
  qualified,
  type ReportParts,
  toldStart,
} from './take-report.js'
import { isFinal, move, type TaskEvent } from './task-states.js'
import { late, replace } from './late-runs.js'
import { audit, type Ended, endedAs, endOfRun, isKept, isRunUnderWay, latestStart } from './run-ends.js'
import type { TaskRow } from './task-store.js'
import { isNewFailure, isNewRun, isOfThePast, isOutdated, versionOf } from './which-run.js'

/** … and its four tries take no longer. */
const REPEATED_AT_MOST_MS = 30_000
/** A report is tried four times, and runs are at least ten seconds apart (agent-protocol.md §4.5, api.md §6). */
const REPEATED_WITHIN_MS = 9_000

type Timing = Pick<InvocationScript, 'repeatMode' | 'frequency' | 'timeoutSeconds' | 'version'>

export const takeRunReport = async (
  parts: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Report,
  now: number,
): Promise<Found> => {
  switch (report.kind) {
    case 'verified':
      return 'nothing'
    case 'invalid':
      // A run whose folder or user is missing leaves the schedule where it is. One that was withheld is nowhere.
      if (report.param !== 'cron' && report.withheld !== true) return runEnded(parts, w, script, task, report, now)
      return isOfThePast(script, task, report) ? 'nothing' : refused(parts, w, script, task, report, now)
    case 'running':
      return running(parts, w, script, task, report, now)
    case 'stopped':
      if (report.result !== 'completed') return stopped(parts, w, script, task, report, now)
      return isOfThePast(script, task, report) ? 'nothing' : completed(w, script, task, now)
    case 'finish':
    case 'timeout':
    case 'error':
      return runEnded(parts, w, script, task, report, now)
  }
}

/** The host refuses the schedule as a whole. */
const refused = async (
  parts: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Report & { kind: 'invalid' },
  now: number,
): Promise<Found> => {
  // It was handed out again while it ran, or behind its last run.
  const isExpired = report.value.startsWith('AtExpressionExpired') || report.value.startsWith('CronExpressionExpired')
  if (isExpired && task.runs > 0) return runsOnce(script) ? 'nothing' : completed(w, script, task, now)
  if (!isFinal(task.state) && isRunUnderWay(task))
    await giveUpRun(w, script, task, 'ExecutionInterrupted', NEVER_ENDED, now)
  const left = await w.tasks.find(task.invokeId, task.instanceId)
  return left === undefined ? 'nothing' : ended(parts, w, script, left, report, now)
}

const running = async (
  { outputQuota }: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Report & { kind: 'running' },
  now: number,
): Promise<Found> => {
  if (isFinal(task.state)) return 'nothing'
  if (report.run === task.runStart) {
    if (!isRunUnderWay(task) || report.output.byteLength === 0) return 'nothing'
    const kept = await keepOutput(w, script, task, report.output, outputQuota, false)
    await changeTask(w, script.scope, task, { ...task, ...kept }, now)
    return 'nothing'
  }
  const latest = await latestStart(w, task)
  if (!isNewRun(script, task, report.startedAt, latest, now) || (await isKept(w, task, report.run))) return 'nothing'
  const begun = await begin(w, script, task, report.run, report.startedAt, now)
  const kept = await keepOutput(w, script, begun, report.output, outputQuota, false)
  await changeTask(w, script.scope, task, { ...begun, ...kept }, now)
  return begun.state === 'Stopping' ? 'work-waits' : 'nothing'
}

/**
 * The task with a new run; one that was under way until now ended without a word.
 * @param startedAt undefined for what failed before it began
 */
const begin = async (
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  run: number,
  startedAt: number | undefined,
  now: number,
): Promise<TaskRow> => {
  if (isRunUnderWay(task)) await keepRun(w, lostRun(task, 'ExecutionInterrupted', NEVER_ENDED), 'Error', now)
  await w.tasks.clearOutput(task.invokeId, task.instanceId)
  await forgetHeld(w, script, task.instanceId)
  return {
    ...task,
    state: move(task.state, false, 'running') ?? task.state,
    outcomeUnknown: false,
    errorCode: '',
    errorInfo: '',
    exitCode: undefined,
    dropped: 0,
    outputBytes: 0,
    runs: task.runs + 1,
    runStart: run,
    runVersion: versionOf(task, startedAt === 0 ? now : startedAt),
    reportedAt: task.reportedAt ?? now,
    startedAt: startedAt === 0 ? now : startedAt,
    finishedAt: undefined,
    deadlineAt: now + script.timeoutSeconds * 1_000 + FINAL_REPORT_MS,
  }
}

const NEVER_ENDED = 'the agent reported the start of this run and never its end; how it ended is unknown'

/** A run whose end nobody will report, with the values that its row keeps. */
export const lostRun = (task: TaskRow, code: string, info: string): TaskRow => ({
  ...task,
  outcomeUnknown: true,
  errorCode: code,
  errorInfo: info,
})

const runEnded = async (
  parts: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Ended,
  now: number,
): Promise<Found> => {
  const begun = report.kind !== 'invalid' && report.run === task.runStart ? task.startedAt : toldStart(report)
  const outcome = qualified(parts.presence, script, task, outcomeOf(report), begun)
  const run = await runOf(w, task, report, runsOnce(script), now)
  if (run === undefined) return 'nothing'
  const isOfLatest = run === task.runStart
  const startedAt = report.kind === 'invalid' || report.run !== run ? undefined : startOf(report, now)
  const latest = await latestStart(w, task)
  const isNew =
    startedAt === undefined
      ? isNewFailure(script, task, now)
      : isNewRun(script, task, startedAt, latest, now) && !(await isKept(w, task, run))
  const isReplacement = task.outcomeUnknown && !outcome.unknown && (isFinal(task.state) || isOfLatest)
  if (isReplacement && (isOfLatest || isNew))
    return replace(parts, w, script, task, report, outcome, run, startedAt, now)
  if (isFinal(task.state) || (isOfLatest ? !isRunUnderWay(task) : !isNew))
    return late(parts, w, script, task, report, outcome, latest, now)
  const current = isOfLatest ? task : await begin(w, script, task, run, startedAt, now)
  const state = move(current.state, false, eventOfEnd(script, current, outcome.event))
  if (state === undefined) return 'nothing'
  const over = await endOfRun(parts, w, script, current, report, outcome, now)
  await keepRun(w, over, endedAs(outcome.event), now)
  const isToBeTold = state === 'Scheduled' && script.repeatMode === 'Period' && isOutdated(script, current)
  const expected = isToBeTold ? scheduleDeadline(script) : deadlineOfCompletion(script, now)
  const deadlineAt = state === 'Scheduled' ? expected : undefined
  await changeTask(w, script.scope, task, { ...over, state, deadlineAt }, now)
  return isToBeTold ? 'work-waits' : 'ended'
}

/** What the end of a run is for its task: the end, where there is no other run and where the host has nothing to forget. */
const eventOfEnd = (
  script: Pick<Timing, 'repeatMode' | 'frequency' | 'version'>,
  task: TaskRow,
  event: TaskEvent,
): TaskEvent => {
  if (script.repeatMode === 'Period') return runsOnce(script) && !isOutdated(script, task) ? event : 'run-ended'
  return task.state === 'Stopping' ? 'stopped' : 'run-ended'
}

/** A cron schedule tells once that it is completed, and that may be lost. */
const deadlineOfCompletion = (script: Timing, now: number): number | undefined => {
  const parsed = frequencyOf(script)
  const last = parsed?.kind === 'cron' ? lastRunOf(parsed) : undefined
  return last === undefined ? undefined : Math.max(now, last + script.timeoutSeconds * 1_000) + FINAL_REPORT_MS
}

/**
 * A report of what failed before it began names no run: it is of a run of its own.
 * @returns undefined for the repetition of one
 */
const runOf = async (
  w: Writing,
  task: TaskRow,
  report: Ended,
  isOnce: boolean,
  now: number,
): Promise<number | undefined> => {
  // Upstream: what fails before its start may carry that of the run before (agent/taskengine/basetask.go).
  const isOfBefore =
    report.kind === 'error' &&
    report.run === task.runStart &&
    !isRunUnderWay(task) &&
    !task.outcomeUnknown &&
    // Our agent repeats an end for as long as nobody answers: it is told by the time that it names.
    (report.endedAt || now) - (task.finishedAt ?? now) > REPEATED_AT_MOST_MS
  if (report.kind !== 'invalid' && report.run > 0 && !isOfBefore) return report.run
  // A time has one run; of a schedule the one under way has ended before the next fails.
  if (isRunUnderWay(task) && isOnce) return task.runStart
  if (now - (task.finishedAt ?? 0) < REPEATED_WITHIN_MS) return undefined
  return 1 + Math.max(task.runStart ?? 0, await w.tasks.latestRun(task.invokeId, task.instanceId))
}

const startOf = (report: Ended, now: number): number =>
  report.kind === 'invalid' || report.startedAt === 0 ? now : report.startedAt

/** A cron schedule that does not fire any more: its state is that of its last run (api.md §8.2). */
export const completed = async (w: Writing, script: InvocationScript, task: TaskRow, now: number): Promise<Found> => {
  if (isFinal(task.state) || frequencyOf(script)?.kind !== 'cron') return 'nothing'
  if (isRunUnderWay(task)) {
    await giveUpRun(w, script, task, 'ExecutionInterrupted', NEVER_ENDED, now)
    const left = await w.tasks.find(task.invokeId, task.instanceId)
    return left === undefined ? 'nothing' : completed(w, script, left, now)
  }
  const event = task.state === 'Stopping' ? (task.runs === 0 ? 'never-ran' : 'stopped') : lastEvent(task)
  const state = move(task.state, false, event)
  if (state === undefined) return 'nothing'
  await changeTask(
    w,
    script.scope,
    task,
    {
      ...task,
      ...(task.runs === 0 ? NEVER_RAN : {}),
      state,
      reportedAt: task.reportedAt ?? now,
      deadlineAt: undefined,
    },
    now,
  )
  audit(w, script, task, 'agent/completed', state, now)
  return 'ended'
}

const NEVER_RAN = {
  errorCode: 'CronExpressionExpired',
  errorInfo: 'the schedule was over before the command ran',
  outcomeUnknown: true,
} as const

const lastEvent = ({ errorCode, exitCode }: TaskRow): TaskEvent => {
  if (errorCode === '' && exitCode === undefined) return 'lost'
  if (errorCode === 'ExecutionTimeout') return 'timeout'
  if (exitCode === undefined) return 'error'
  return exitCode === 0 ? 'finish-0' : 'finish-other'
}

/** The host has dropped the schedule, and killed the run that was under way. */
const stopped = async (
  parts: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Ended & { kind: 'stopped' },
  now: number,
): Promise<Found> => {
  // It did not know the schedule. Unless that was to be stopped, it will get it again.
  if (isFinal(task.state))
    return late(parts, w, script, task, report, outcomeOf(report), await latestStart(w, task), now)
  if (task.state !== 'Stopping') return 'nothing'
  // Also a run whose start was not told.
  const isNew =
    report.run > 0 &&
    report.run !== task.runStart &&
    isNewRun(script, task, report.startedAt, await latestStart(w, task), now) &&
    !(await isKept(w, task, report.run))
  const current = isNew ? await begin(w, script, task, report.run, report.startedAt, now) : task
  const state = move(task.state, false, current.runs === 0 ? 'never-ran' : 'stopped')
  if (state === undefined) return 'nothing'
  let after: TaskRow = { ...task, state, reportedAt: task.reportedAt ?? now, deadlineAt: undefined }
  if (isRunUnderWay(current)) {
    const outcome = qualified(parts.presence, script, task, { event: 'stopped', code: '', info: '' }, current.startedAt)
    const over = await endOfRun(parts, w, script, current, report, outcome, now)
    await keepRun(w, over, 'Terminated', now)
    after = { ...over, state, deadlineAt: undefined }
  }
  await changeTask(w, script.scope, task, after, now)
  audit(w, script, task, 'agent/stopped', state, now)
  return 'ended'
}

/** Ends a run that nobody will report on; the schedule goes on. */
export const giveUpRun = async (
  w: Writing,
  script: Timing & Pick<InvocationScript, 'scope'>,
  task: TaskRow,
  code: ResultErrorCode,
  info: string,
  now: number,
): Promise<void> => {
  // A schedule that waits has no run to be given up.
  if (task.repeatMode === 'Period' && !isRunUnderWay(task)) return
  const lost = lostRun({ ...task, finishedAt: isRunUnderWay(task) ? now : task.finishedAt }, code, info)
  if (isRunUnderWay(task)) await keepRun(w, lost, 'Error', now)
  const isUnknown = task.runs === 0 && task.state === 'Stopping'
  const event = isUnknown ? 'lost' : eventOfEnd(script, task, 'lost')
  const state = move(task.state, false, event) ?? task.state
  const deadlineAt = state === 'Scheduled' ? deadlineOfCompletion(script, now) : undefined
  await changeTask(w, script.scope, task, { ...lost, state, deadlineAt }, now)
}
