// What the server may tell, given the facts. Written from api.md §8 and design §5, not from the server's tables.
import type { Invocation, Task } from '../../src/server/domain/invocations/invocations.js'
import { anythingTold, type End, isInDoubt, type RunFacts, runsOften, type TaskFacts, waitsForStart } from './facts.js'

const OPEN = ['Pending', 'Scheduled', 'Running', 'Stopping']
const isOpen = (status: string): boolean => OPEN.includes(status)

/** Tasks are to be fetched, and what was taken is to be reported on, within this time. */
const MINUTE = 60_000
/** Codes that say: nobody knows what became of it. */
const UNKNOWN = ['ClientRestarted', 'InstanceRestarted', 'InstanceDeregistered', 'ExecutionInterrupted']

type Told = Pick<Task, 'status' | 'errorCode' | 'errorInfo' | 'exitCode' | 'output' | 'repeats' | 'updatedAt'>

interface Expected {
  readonly status: string
  readonly errorCode: string
  readonly exitCode?: number
}

const expectedOf = (end: End): Expected => {
  switch (end.kind) {
    case 'finish':
      return end.exitCode === 0
        ? { status: 'Success', errorCode: '', exitCode: 0 }
        : { status: 'Failed', errorCode: 'ExitCodeNonzero', exitCode: end.exitCode }
    case 'timeout':
      return { status: 'Timeout', errorCode: 'ExecutionTimeout' }
    case 'stopped':
      return { status: 'Terminated', errorCode: '' }
    case 'verified':
      return { status: 'Success', errorCode: '' }
    case 'error':
      return { status: 'Error', errorCode: 'ExecutionException' }
    case 'invalid':
      return { status: 'Invalid', errorCode: 'DirectoryNotExists' }
  }
}

const isAs = ({ status, errorCode, exitCode }: Told, end: End): boolean => {
  const expected = expectedOf(end)
  return status === expected.status && errorCode === expected.errorCode && exitCode === expected.exitCode
}

const textOf = ({ output }: Told): string => Buffer.from(output ?? []).toString()

/** Numbers of the runs whose output this is. */
const runsIn = (told: Told): readonly number[] =>
  [...textOf(told).matchAll(/#\d+\.(\d+);/g)].map(([, number]) => Number(number))

/**
 * Sentences about what the server tells of a task and must not.
 * @param history its runs, for what runs more than once
 * @param isSettled all hosts were there, all deadlines are over, all reports were sent
 */
export const judgeTask = (
  task: TaskFacts,
  told: Told,
  history: readonly Told[],
  isSettled: boolean,
): readonly string[] => {
  const foreign = textOf(told)
    .match(/#(\d+)\./g)
    ?.find((token) => token !== `#${task.invocation.number}.`)
  return [
    ...(foreign === undefined ? [] : [`its output is of another one: ${textOf(told)}`]),
    ...(runsOften(task.invocation.mode)
      ? judgeSchedule(task, told, history, isSettled)
      : judgeOnce(task, told, isSettled)),
  ]
}

const judgeOnce = (task: TaskFacts, told: Told, isSettled: boolean): readonly string[] => {
  const { invocation, handed } = task
  const ended = task.runs.find((run) => run.endTold && run.end !== undefined)
  if (ended?.end !== undefined) {
    if (isAs(told, ended.end)) return []
    return [`its end (${JSON.stringify(ended.end)}) was acknowledged`]
  }
  const start = task.runs.find((run) => run.startToldAt !== undefined)
  const { status } = told
  switch (status) {
    case 'Pending':
      if (start !== undefined) return ['its start was acknowledged']
      break
    case 'Scheduled':
      if (!waitsForStart(invocation.mode)) return ['it is no schedule']
      if (start !== undefined) return ['its start was acknowledged']
      break
    case 'Running':
      if (start === undefined) return ['nobody reported a start']
      break
    case 'Stopping':
      if (!task.stopTold) return ['nobody stopped it']
      if (handed.length === 0) return ['it was never handed out']
      break
    case 'Cancelled':
      if (!task.stopTold && invocation.rollout?.mayHold !== true) return ['nobody stopped it']
      if (handed.length > 0) return ['it was handed out']
      break
    case 'Aborted':
      return judgeAborted(task, told)
    case 'Error':
      return judgeLost(task, told, start)
    default:
      return ['nobody reported that']
  }
  if (task.stopTold && isOpen(status) && status !== 'Stopping') return ['its stop was acknowledged']
  if (isSettled && isOpen(status) && !(status === 'Scheduled' && handed.length === 0)) return ['it never ends']
  return []
}

const judgeAborted = (task: TaskFacts, told: Told): readonly string[] => {
  if (task.handed.length > 0) return ['it was handed out']
  switch (told.errorCode) {
    case 'ClientNotRunning':
      return task.wasLive === true ? ['its host was live'] : []
    case 'InstanceDeregistered':
      return task.host.gone ? [] : ['its host is there']
    case 'DeliveryTimeout':
    case 'TaskConcurrencyLimit':
      return task.clockSet || told.updatedAt >= task.addedAt + MINUTE ? [] : [`${told.errorCode} within a minute`]
    default:
      return [`${told.errorCode} for no reason`]
  }
}

/** An end that the server assumed: it must have had a reason to. */
const judgeLost = (task: TaskFacts, told: Told, start: RunFacts | undefined): readonly string[] => {
  const { errorCode, updatedAt } = told
  if (!UNKNOWN.includes(errorCode)) return ['nobody reported that']
  const handedOut = task.handed.at(-1)
  if (handedOut === undefined && !(waitsForStart(task.invocation.mode) && task.host.gone))
    return ['it was never handed out']
  if (errorCode === 'InstanceDeregistered') return task.host.gone ? [] : ['its host is there']
  if (errorCode !== 'ExecutionInterrupted') {
    const { number } = task.host.process
    const isThere = task.handed.every(({ process }) => process === number) && !isInDoubt(task.host, task.handed)
    return isThere ? ['the process that took it is there'] : []
  }
  if (task.unknownTold || task.clockSet) return []
  const first = task.handed[0]?.at ?? 0
  // A start that came behind the end changed nothing.
  const startedAt = start?.startToldAt !== undefined && start.startToldAt < updatedAt ? start.startToldAt : undefined
  const deadline = startedAt === undefined ? first + MINUTE : startedAt + task.invocation.timeoutMs + MINUTE
  return updatedAt >= deadline ? [] : [`it was given up ${deadline - updatedAt} ms before its time`]
}

const judgeSchedule = (
  task: TaskFacts,
  told: Told,
  history: readonly Told[],
  isSettled: boolean,
): readonly string[] => {
  const wrong = [...judgeRuns(task, told, history)]
  const { mode } = task.invocation
  const { status } = told
  const ends = task.runs.filter((run) => run.endTold)
  const ranForSure = ends.length > 0 || task.unnamedTold > 0 || task.runs.some((run) => run.startToldAt !== undefined)
  switch (status) {
    case 'Pending':
      if (mode !== 'EveryReboot' && anythingTold(task) && !task.existsTold) wrong.push('it was reported on')
      break
    case 'Scheduled':
      if (mode !== 'EveryReboot' && task.handed.length === 0) wrong.push('it was never handed out')
      break
    case 'Running':
      if (!task.runs.some((run) => run.startToldAt !== undefined)) wrong.push('nobody reported a start')
      break
    case 'Stopping':
    case 'Cancelled':
    case 'Terminated':
      if (
        !task.stopTold &&
        !(status === 'Cancelled' && task.handed.length === 0 && task.invocation.rollout?.mayHold === true)
      )
        wrong.push('nobody stopped it')
      if (status === 'Cancelled' && ranForSure && ends.some((run) => !run.clockSet)) wrong.push('it ran')
      break
    case 'Success':
    case 'Failed':
    case 'Timeout':
      if ((mode === 'Rate' || mode === 'EveryReboot') && !task.stopTold) wrong.push('it has no end of its own')
      if (!ends.some(({ end }) => end !== undefined && expectedOf(end).status === status))
        wrong.push('no run ended like that')
      break
    case 'Aborted':
      wrong.push(...judgeAborted(task, told))
      break
    case 'Invalid':
      if (!task.refusedTold && mode !== 'At' && task.unnamedTold === 0) wrong.push('nobody refused it')
      break
    case 'Error':
      if (task.handed.length === 0 && !task.host.gone) wrong.push('it was never handed out')
      break
  }
  if (task.stopTold && isOpen(status) && status !== 'Stopping') wrong.push('its stop was acknowledged')
  const goesOn =
    (status === 'Scheduled' || status === 'Running') && !task.stopTold && (mode === 'Rate' || mode === 'EveryReboot')
  if (isSettled && isOpen(status) && !goesOn) wrong.push('it never ends')
  return wrong
}

/** Each run that was told is in the history once, as it ended, and nothing else is. */
const judgeRuns = (task: TaskFacts, told: Told, history: readonly Told[]): readonly string[] => {
  const wrong: string[] = []
  const ofRun = new Map<number, Told[]>()
  let unnamed = 0
  const rows = told.repeats === 0 ? [] : history
  if (rows.length !== told.repeats) wrong.push(`it has ${told.repeats} runs and ${rows.length} rows of them`)
  for (const row of rows) {
    const numbers = [...new Set(runsIn(row))]
    for (const number of numbers) ofRun.set(number, [...(ofRun.get(number) ?? []), row])
    if (numbers.length > 1) wrong.push(`a row has the output of the runs ${numbers.join(' and ')}`)
    if (row.status === 'Invalid') unnamed += 1
  }
  if (unnamed > task.unnamedTold) wrong.push(`${unnamed} runs failed before they began, ${task.unnamedTold} were told`)
  const began = task.runs.filter((run) => run.startToldAt !== undefined || run.endTold).length
  const isSure = !task.runs.some(({ clockSet }) => clockSet)
  if (isSure && rows.length > began + task.unnamedTold) wrong.push(`${rows.length} runs are told, there were ${began}`)
  for (const run of task.runs) {
    const found = ofRun.get(run.number) ?? []
    const final = found.filter(({ status }) => !isOpen(status))
    if (final.length > 1 && !run.clockSet) wrong.push(`run ${run.number} is there ${final.length} times`)
    if (!run.endTold) {
      // What failed before it began ends the run under way; a schedule that is stopped names the run before (upstream).
      const isSaid = ({ status, errorCode }: Told): boolean =>
        UNKNOWN.includes(errorCode) ||
        (status === 'Invalid' && task.unnamedTold > 0) ||
        (status === 'Terminated' && task.unknownTold)
      const ended = final.find((row) => !isSaid(row))
      if (ended !== undefined) wrong.push(`run ${run.number} is ${ended.status}, and nobody reported that`)
    } else if (run.end !== undefined && run.end.kind !== 'stopped' && !run.clockSet) {
      if (!found.some((row) => isAs(row, run.end as End)))
        wrong.push(
          `the end of run ${run.number} (${JSON.stringify(run.end)}) was acknowledged, it is ${found.map(({ status }) => status).join(', ') || 'nowhere'}`,
        )
    }
  }
  return wrong
}

/** api.md §8.3, from what is told of its tasks. */
const rolledUp = (statuses: readonly string[]): string => {
  for (const any of OPEN) if (statuses.includes(any)) return any
  const stopped = statuses.filter((status) => status === 'Cancelled' || status === 'Terminated').length
  const success = statuses.filter((status) => status === 'Success').length
  const failed = statuses.length - stopped - success
  if (success === 0) return failed === 0 ? 'Stopped' : 'Failed'
  return failed === 0 ? 'Success' : 'PartialFailed'
}

/** api.md §8.4, with the choices that are written there. */
const rolledUpAsBefore = (statuses: readonly string[], isStopped: boolean, repeats: boolean): string => {
  if (statuses.some(isOpen)) return isStopped && statuses.includes('Stopping') ? 'Stopping' : 'Running'
  if (isStopped && statuses.some((status) => status === 'Cancelled' || status === 'Terminated')) return 'Stopped'
  const broken = statuses.filter((status) => ['Error', 'Timeout', 'Invalid', 'Aborted'].includes(status)).length
  if (repeats || broken === 0) return 'Finished'
  return broken === statuses.length ? 'Failed' : 'PartialFailed'
}

export const judgeRollUp = (told: Invocation, statuses: readonly string[], mayHold: boolean): readonly string[] => {
  const wrong: string[] = []
  // What a rollout left out says why, and nobody stopped it; a rollout that a stop of the whole ended says that.
  const isLeftOut = (errorInfo: string): boolean => /^cancelled by CancelRollout|halts at \d+$/.test(errorInfo)
  const isStopped = told.tasks.some(
    ({ stoppedAt, status, errorInfo }) =>
      stoppedAt !== undefined && !(mayHold && status === 'Cancelled' && isLeftOut(errorInfo)),
  )
  const status = rolledUp(statuses)
  if (told.status !== status) wrong.push(`it is ${told.status}, its tasks make it ${status}`)
  const legacy = rolledUpAsBefore(statuses, isStopped, ['Period', 'EveryReboot'].includes(told.repeatMode))
  if (told.legacyStatus !== legacy) wrong.push(`its InvokeStatus is ${told.legacyStatus}, its tasks make it ${legacy}`)
  const timed = ['Period', 'NextRebootOnly', 'EveryReboot'].includes(told.repeatMode)
  if (told.timed !== timed) wrong.push(`Timed is ${told.timed}, its RepeatMode makes it ${timed}`)
  return wrong
}

export const isUnfinished = isOpen
/** ActiveTaskCount counts these (design §4). */
export const isActive = (status: string): boolean => status === 'Running' || status === 'Stopping'
