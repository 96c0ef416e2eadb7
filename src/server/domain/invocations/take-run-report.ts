// Reports about tasks that run more than once. A run is named by its start on the host's clock: what names the latest one is of
// it, what began well behind that one begins another, also when its `running` was lost, and all else is late
// (agent-protocol.md §4.5, §6.5).
import type { Writing } from '../unit-of-work.js'
import type { Report } from './agent-tasks.js'
import { changeTask } from './change-task.js'
import type { ResultErrorCode } from './error-texts.js'
import { runsOnce } from './hand-out.js'
import type { InvocationScript } from './invocation-store.js'
import {
  ended,
  FINAL_REPORT_MS,
  finishedAt,
  type Found,
  keepOutput,
  type Outcome,
  outcomeOf,
  type ReportParts,
} from './take-report.js'
import { isFinal, move, type TaskEvent, type TaskState } from './task-states.js'
import type { TaskRow } from './task-store.js'

/** A report is tried four times, and runs are at least ten seconds apart (agent-protocol.md §4.5, api.md §6). */
const REPEATED_WITHIN_MS = 9_000

type Ended = Exclude<Report, { kind: 'running' | 'verified' }>

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
      // A run whose folder or user is missing leaves the schedule where it is.
      return report.param === 'cron'
        ? refused(parts, w, script, task, report, now)
        : runEnded(parts, w, script, task, report, now)
    case 'running':
      return running(parts, w, script, task, report, now)
    case 'stopped':
      return report.result === 'completed'
        ? completed(w, script, task, now)
        : stopped(parts, w, script, task, report, now)
    case 'finish':
    case 'timeout':
    case 'error':
      return runEnded(parts, w, script, task, report, now)
  }
}

/** Of a task that repeats: its latest run has not ended. */
export const isRunUnderWay = (task: TaskRow): boolean => task.runStart !== undefined && task.finishedAt === undefined

/** The host refuses the schedule as a whole. */
const refused = async (
  parts: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Report & { kind: 'invalid' },
  now: number,
): Promise<Found> => {
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
    const kept = await keepOutput(w, task, report.output, outputQuota)
    await changeTask(w, script.scope, task, { ...task, ...kept }, now)
    return 'nothing'
  }
  if (!isNewRun(task, report.startedAt, now)) return 'nothing'
  const begun = await begin(w, script, task, report.run, report.startedAt, now)
  const kept = await keepOutput(w, begun, report.output, outputQuota)
  await changeTask(w, script.scope, task, { ...begun, ...kept }, now)
  return begun.state === 'Stopping' ? 'stop-waits' : 'nothing'
}

/** Runs of a schedule are ten seconds apart at least (api.md §6); clocks and deliveries are less exact than that. */
const LEAST_DISTANCE_MS = 5_000
const CLOCK_SLACK_MS = 5 * 60_000

/**
 * Whether a start, on our clock, can be that of another run. It bounds what a host that lies can have kept, too: no more
 * runs than there was time for.
 */
const isNewRun = (task: TaskRow, startedAt: number, now: number): boolean =>
  startedAt >= (task.startedAt ?? Number.NEGATIVE_INFINITY) + LEAST_DISTANCE_MS &&
  startedAt >= task.createdAt - CLOCK_SLACK_MS &&
  startedAt <= now + CLOCK_SLACK_MS

/** The task with a new run; one that was under way until now ended without a word. */
const begin = async (
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  run: number,
  startedAt: number,
  now: number,
): Promise<TaskRow> => {
  if (isRunUnderWay(task)) await w.tasks.keepRun(lostRun(task, 'ExecutionInterrupted', NEVER_ENDED), 'Error', now)
  await w.tasks.clearOutput(task.invokeId, task.instanceId)
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
    reportedAt: task.reportedAt ?? now,
    startedAt: startedAt > 0 ? startedAt : now,
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

/** How a run ended, in the words for a task that runs once. */
const STATE_OF: Readonly<Partial<Record<TaskEvent, TaskState>>> = {
  'finish-0': 'Success',
  'finish-other': 'Failed',
  timeout: 'Timeout',
  error: 'Error',
  stopped: 'Terminated',
  invalid: 'Invalid',
}

const runEnded = async (
  parts: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Ended,
  now: number,
): Promise<Found> => {
  const outcome = outcomeOf(report)
  const run = runOf(task, report, now)
  if (run === undefined) return 'nothing'
  const isOfLatest = run === task.runStart
  const isLate = isFinal(task.state) || (isOfLatest ? !isRunUnderWay(task) : !isNewRun(task, startOf(report, now), now))
  if (isLate) return late(w, script, task, report, outcome, now)
  const current = isOfLatest ? task : await begin(w, script, task, run, startOf(report, now), now)
  const isOver = runsOnce(script) && current.state !== 'Stopping'
  const state = move(current.state, false, isOver ? outcome.event : 'run-ended')
  if (state === undefined) return 'nothing'
  const over = await endOfRun(parts, w, script, current, report, outcome, now)
  await w.tasks.keepRun(over, STATE_OF[outcome.event] ?? 'Error', now)
  await changeTask(w, script.scope, task, { ...over, state, deadlineAt: undefined }, now)
  return 'ended'
}

/**
 * A report of what failed before it began names no run: it ends the one under way, else it is of a run of its own.
 * @returns undefined for the repetition of one
 */
const runOf = (task: TaskRow, report: Ended, now: number): number | undefined => {
  if (report.kind !== 'invalid' && report.run > 0) return report.run
  if (isRunUnderWay(task)) return task.runStart
  return now - (task.finishedAt ?? 0) < REPEATED_WITHIN_MS ? undefined : (task.runStart ?? 0) + 1
}

const startOf = (report: Ended, now: number): number =>
  report.kind === 'invalid' || report.startedAt === 0 ? now : report.startedAt

const endOfRun = async (
  { outputQuota }: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Ended,
  outcome: Outcome,
  now: number,
): Promise<TaskRow> => {
  const said = report.kind === 'invalid' ? { output: new Uint8Array(), dropped: 0 } : report
  const kept = await keepOutput(w, task, said.output, outputQuota)
  return {
    ...task,
    ...kept,
    dropped: Math.min(kept.dropped + said.dropped, Number.MAX_SAFE_INTEGER),
    outcomeUnknown: outcome.unknown ?? false,
    errorCode: outcome.code,
    errorInfo: outcome.info,
    exitCode: outcome.exitCode,
    finishedAt: finishedAt(report, script, task.startedAt, now),
  }
}

/** The real end of a run that had been given up. */
const late = async (
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Ended,
  outcome: Outcome,
  now: number,
): Promise<Found> => {
  if (report.kind === 'invalid' || report.run <= 0 || outcome.unknown) return 'nothing'
  const run: TaskRow = {
    ...task,
    runStart: report.run,
    outcomeUnknown: false,
    errorCode: outcome.code,
    errorInfo: outcome.info,
    exitCode: outcome.exitCode,
    dropped: report.dropped,
    startedAt: report.startedAt > 0 ? report.startedAt : undefined,
    finishedAt: finishedAt(report, script, report.startedAt, now),
  }
  const state = STATE_OF[outcome.event] ?? 'Error'
  if (await w.tasks.replaceRun(run, state, report.output, now))
    w.audit({
      ...script.scope,
      at: now,
      actor: task.instanceId,
      action: 'agent/late-result',
      subject: task.invokeId,
      detail: { run: report.run, to: state },
    })
  return 'nothing'
}

/** A cron schedule that does not fire any more: its state is that of its last run (api.md §8.2). */
const completed = async (w: Writing, script: InvocationScript, task: TaskRow, now: number): Promise<Found> => {
  if (isFinal(task.state)) return 'nothing'
  const event = task.state === 'Stopping' ? (task.runs === 0 ? 'never-ran' : 'stopped') : lastEvent(task)
  const state = move(task.state, false, event)
  if (state === undefined) return 'nothing'
  await changeTask(
    w,
    script.scope,
    task,
    { ...task, state, reportedAt: task.reportedAt ?? now, deadlineAt: undefined },
    now,
  )
  audit(w, script, task, 'agent/completed', state, now)
  return 'ended'
}

const lastEvent = ({ errorCode, exitCode }: TaskRow): TaskEvent => {
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
  if (isFinal(task.state) || task.state !== 'Stopping') return 'nothing'
  const state = move(task.state, false, task.runs === 0 ? 'never-ran' : 'stopped')
  if (state === undefined) return 'nothing'
  let after: TaskRow = { ...task, state, reportedAt: task.reportedAt ?? now, deadlineAt: undefined }
  if (isRunUnderWay(task)) {
    const outcome: Outcome = { event: 'stopped', code: '', info: '' }
    const over = await endOfRun(parts, w, script, task, report, outcome, now)
    await w.tasks.keepRun(over, 'Terminated', now)
    after = { ...over, state, deadlineAt: undefined }
  }
  await changeTask(w, script.scope, task, after, now)
  audit(w, script, task, 'agent/stopped', state, now)
  return 'ended'
}

const audit = (
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  action: string,
  to: TaskState,
  now: number,
): void => {
  w.audit({
    ...script.scope,
    at: now,
    actor: task.instanceId,
    action,
    subject: task.invokeId,
    detail: { from: task.state, to, runs: task.runs },
  })
}

/** Ends a run that nobody will report on; the schedule goes on. */
export const giveUpRun = async (
  w: Writing,
  script: Pick<InvocationScript, 'scope'>,
  task: TaskRow,
  code: ResultErrorCode,
  info: string,
  now: number,
): Promise<void> => {
  const lost = lostRun({ ...task, finishedAt: task.startedAt === undefined ? undefined : now }, code, info)
  if (isRunUnderWay(task)) await w.tasks.keepRun(lost, 'Error', now)
  const state = move(task.state, false, 'run-ended') ?? task.state
  await changeTask(w, script.scope, task, { ...lost, outcomeUnknown: false, state, deadlineAt: undefined }, now)
}
