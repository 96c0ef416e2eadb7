// Ends of runs that come behind what was told or assumed later.
import { addMissedRun, keepRun, replaceRun } from '../outputs/output-delivery.js'
import { forgetHeld, hideInWhole } from '../secrets/hide-secrets.js'
import type { Writing } from '../unit-of-work.js'
import { changeTask } from './change-task.js'
import type { InvocationScript } from './invocation-store.js'
import { audit, type Ended, endedAs, endOfRun, isKept, isRunUnderWay } from './run-ends.js'
import { finishedAt, type Found, type Outcome, type ReportParts } from './take-report.js'
import { classOf, isFinal, move, type TaskEvent } from './task-states.js'
import type { TaskRow } from './task-store.js'
import { canHaveBegun, distanceOf, versionOf } from './which-run.js'

/** What the real end of its latest run is for a task that is over: its end, unless it was stopped. */
const eventOfLate = (task: TaskRow, { event }: Outcome): TaskEvent =>
  classOf(task.state) === 'stopped' ? 'missed-run' : event

/** The real end of a run whose end had been assumed, or of a later one than any that is known. */
export const replace = async (
  parts: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Ended,
  outcome: Outcome,
  run: number,
  startedAt: number | undefined,
  now: number,
): Promise<Found> => {
  const isOfLatest = run === task.runStart
  if (!isOfLatest) {
    await w.tasks.clearOutput(task.invokeId, task.instanceId)
    await forgetHeld(w, script, task.instanceId)
  }
  const base: TaskRow = isOfLatest
    ? task
    : {
        ...task,
        runs: task.runs + 1,
        runStart: run,
        runVersion: versionOf(task, startedAt),
        startedAt,
        dropped: 0,
        outputBytes: 0,
      }
  const over = await endOfRun(parts, w, script, base, report, outcome, now)
  const ended = endedAs(outcome.event)
  if (!isOfLatest || !(await replaceRun(w, over, ended, undefined, now))) await keepRun(w, over, ended, now)
  const state = isFinal(task.state) ? (move(task.state, true, eventOfLate(task, outcome)) ?? task.state) : task.state
  await changeTask(w, script.scope, task, { ...over, state, deadlineAt: task.deadlineAt }, now)
  audit(w, script, task, 'agent/late-result', ended, now)
  return 'nothing'
}

/** The real end of a run that had been given up, or of one that nobody heard of while later ones were told. */
export const late = async (
  parts: ReportParts,
  w: Writing,
  script: InvocationScript,
  task: TaskRow,
  report: Ended,
  outcome: Outcome,
  latest = Number.NEGATIVE_INFINITY,
  now: number,
): Promise<Found> => {
  if (report.kind === 'invalid' || report.run <= 0 || outcome.unknown) return 'nothing'
  const startedAt = report.startedAt > 0 ? report.startedAt : undefined
  const said = await hideInWhole(w, script, report.output)
  const output = said.subarray(0, parts.outputQuota)
  const run: TaskRow = {
    ...task,
    runStart: report.run,
    runVersion: versionOf(task, startedAt),
    outcomeUnknown: false,
    errorCode: outcome.code,
    errorInfo: outcome.info,
    exitCode: outcome.exitCode,
    dropped: Math.min(report.dropped + said.byteLength - output.byteLength, Number.MAX_SAFE_INTEGER),
    startedAt,
    finishedAt: finishedAt(report, script, startedAt, now),
  }
  const state = endedAs(outcome.event)
  if (await replaceRun(w, run, state, output, now)) {
    audit(w, script, task, 'agent/late-result', state, now)
    return 'nothing'
  }
  if (startedAt === undefined || report.run === task.runStart || !canHaveBegun(task, startedAt, now)) return 'nothing'
  if (await isKept(w, task, report.run)) return 'nothing'
  const distance = distanceOf(script, task)
  const isLast = startedAt >= latest + distance
  // Nothing later is known: this one is the latest.
  if (isLast && !isRunUnderWay(task))
    return replace(parts, w, script, task, report, outcome, report.run, startedAt, now)
  const isApart = isLast || startedAt <= latest - distance
  if (!isApart || !(await addMissedRun(w, run, state, output, distance, now))) return 'nothing'
  await changeTask(w, script.scope, task, { ...task, runs: task.runs + 1 }, now)
  audit(w, script, task, 'agent/late-result', state, now)
  return 'nothing'
}
