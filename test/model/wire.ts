// How a host fetches and reports, and what may be wrong with an answer at once.
import type { Chance } from '../load/random.js'
import { listResults } from './ask.js'
import { anythingTold, isSchedule, type TaskFacts, waitsForStart } from './facts.js'
import { fetchFiles } from './files.js'
import { isUnfinished } from './judge.js'
import type { Mail, ModelHost } from './model-host.js'
import type { Stage } from './stage.js'

/** A lost answer is asked for again within this time (agent-protocol.md §4.3), and four times. */
const ASK_AGAIN_MS = { from: 2_000, to: 45_000 }
const TRIES = 4
/** One-shots that a host has in hand at a time (design §5). */
const MOST_IN_HAND = 10

export const fetchBy = async (
  stage: Stage,
  host: ModelHost,
  isLost: boolean,
  chance: Chance,
  isAlone: boolean,
): Promise<void> => {
  const { process } = host
  if (process.isAsking) return
  // It gives up, and asks again when it is kicked.
  if (process.tries >= TRIES || (process.tries > 0 && stage.time - process.triedAt > ASK_AGAIN_MS.to))
    process.fetched = true
  const isStartup = !process.fetched
  process.isAsking = isStartup
  await askBy(stage, host, isStartup, isLost, chance, isAlone)
  process.isAsking = false
}

const askBy = async (
  stage: Stage,
  host: ModelHost,
  isStartup: boolean,
  isLost: boolean,
  chance: Chance,
  isAlone: boolean,
): Promise<void> => {
  const { process } = host
  // Ours delivers what it kept before it asks.
  if (isStartup && host.agent === 'ours') {
    for (const mail of host.mail.splice(0))
      await deliverMail(stage, host, mail, chance.chance(0.1) ? 'lost' : 'arrives')
  }
  if (!(await stage.speak(host))) return
  const now = stage.now()
  const isHeard = process.beaten
  const mine = stage.invocations.flatMap(({ tasks }) => tasks.filter((task) => task.host === host))
  const reported = new Set(mine.filter((task) => anythingTold(task)))
  const stopped = new Set(mine.filter((task) => task.stopTold))
  const waiting = isAlone ? waitingOf(mine, now) : []
  const fetched = await stage.world.handOut(host.id, {
    reason: isStartup ? 'startup' : 'kickoff',
    coldStart: isStartup ? process.isCold : undefined,
  })
  const told = [...fetched.run, ...fetched.test]
  const fail = (task: TaskFacts, what: string): void =>
    void stage.wrong.push(`#${task.invocation.number} on ${host.name}: ${what}`)
  for (const handed of told) {
    const task = stage.taskOf(handed.taskId, host.id)
    // Its submission is not answered yet.
    if (task === undefined) continue
    const { invocation } = task
    if (stopped.has(task)) fail(task, 'it was stopped, and is handed out')
    const version = invocation.versions[handed.version - 1]
    if (Buffer.from(handed.content).toString() !== version?.content) fail(task, 'it is handed out with another script')
    if (handed.timeoutSeconds * 1_000 !== invocation.timeoutMs) fail(task, `its timeout is ${handed.timeoutSeconds} s`)
    const wrong = isSchedule(invocation.mode) ? undefined : wrongHandOut(task, host, isStartup, reported.has(task), now)
    if (wrong !== undefined) fail(task, wrong)
    task.handed.push({ at: now, process: process.number, isHeard })
  }
  for (const task of waiting)
    if (!told.some(({ taskId }) => taskId === task.invocation.id)) fail(task, 'it waits, and is not handed out')
  for (const { taskId } of fetched.stop) {
    const task = stage.taskOf(taskId, host.id)
    if (task !== undefined && isAlone && !task.stopTold) fail(task, 'nobody stopped it, and its host is told to')
  }
  const names = told.map(({ taskId }) => `#${stage.taskOf(taskId, host.id)?.invocation.number ?? '?'}`)
  const stops = fetched.stop.map(({ taskId }) => `#${stage.taskOf(taskId, host.id)?.invocation.number ?? '?'}`)
  stage.say(
    `${isStartup ? 'fetches first' : 'fetches'}: ${names.join(' ') || 'nothing'}${stops.length > 0 ? `, stops ${stops.join(' ')}` : ''}${isLost ? ', the answer is lost' : ''}`,
    host,
  )
  await judgePace(
    stage,
    told.map(({ taskId }) => taskId),
    isAlone,
  )
  await fetchFiles(stage, host, isStartup, isLost)
  if (host.process !== process) return
  if (!isLost) {
    process.fetched = true
    host.take(fetched, (taskId) => stage.taskOf(taskId, host.id), stage.time, chance)
  } else if (isStartup) {
    if (process.tries === 0) process.triedAt = stage.time
    process.tries += 1
  }
}

/** No more hosts are at work than a rollout lets: of those that were handed it, so many are not over. */
const judgePace = async (stage: Stage, taskIds: readonly string[], isAlone: boolean): Promise<void> => {
  for (const { id, number, rollout, tasks } of stage.invocations) {
    if (!isAlone || rollout === undefined || rollout.most === Infinity || !taskIds.includes(id)) continue
    const told = await listResults(stage.world, { invokeId: id })
    const open = new Set(told.filter(({ status }) => isUnfinished(status)).map(({ instanceId }) => instanceId))
    const atWork = tasks.filter(({ host, handed }) => handed.length > 0 && open.has(host.id)).length
    if (atWork > rollout.most) stage.wrong.push(`#${number}: ${atWork} hosts are at work, and ${rollout.most} may be`)
  }
}

/** Why a one-shot may not be handed out now. */
const wrongHandOut = (
  task: TaskFacts,
  host: ModelHost,
  isStartup: boolean,
  isReported: boolean,
  now: number,
): string | undefined => {
  const { mode } = task.invocation
  const [first] = task.handed
  // What belongs to a start of the host counts from the first answer to the process that came with it.
  const ofProcess = task.handed.find(({ process }) => process === host.process.number)
  const since = now - ((waitsForStart(mode) ? ofProcess : first)?.at ?? now)
  const isAgain = since >= ASK_AGAIN_MS.from && since <= ASK_AGAIN_MS.to
  if (waitsForStart(mode)) {
    if (!isStartup || !host.process.isCold) return 'its host did not start'
    if (ofProcess === undefined) return undefined
    return isAgain || task.clockSet ? undefined : `it is handed out again after ${since} ms`
  }
  if (first === undefined) return undefined
  if (isReported) return 'it is handed out again after a report'
  return isAgain || task.clockSet ? undefined : `it is handed out again after ${since} ms`
}

/** What a fetch of its host, and nothing else, must bring now. */
const waitingOf = (tasks: readonly TaskFacts[], now: number): readonly TaskFacts[] => {
  const isOpen = (task: TaskFacts): boolean => task.handed.length > 0 && !task.runs.some((run) => run.endTold)
  if (tasks.filter(isOpen).length > 0 && tasks.length > MOST_IN_HAND && tasks.filter(isOpen).length >= MOST_IN_HAND / 2)
    return []
  return tasks
    .filter(
      ({ invocation, handed, wasLive, stopTold, clockSet, addedAt }) =>
        !clockSet &&
        !waitsForStart(invocation.mode) &&
        handed.length === 0 &&
        wasLive === true &&
        !stopTold &&
        now < addedAt + 60_000 &&
        now >= addedAt,
    )
    .slice(0, MOST_IN_HAND / 2)
}

export type Fate = 'arrives' | 'lost' | 'answer lost'
export const FATES: readonly Fate[] = [
  'arrives',
  'arrives',
  'arrives',
  'arrives',
  'arrives',
  'arrives',
  'arrives',
  'lost',
  'answer lost',
  'answer lost',
]

export const deliverMail = async (stage: Stage, host: ModelHost, mail: Mail, fate: Fate): Promise<void> => {
  const { task, run, what } = mail
  const name = `${what} of #${task.invocation.number}${run === undefined ? '' : `.${run.number}${run.end === undefined ? '' : ` ${JSON.stringify(run.end)}`}`}`
  // What starts and goes on is told once; ours tells ends until they are taken.
  if (fate === 'lost' && !(what === 'end' && host.agent === 'ours')) return stage.say(`loses ${name}`, host)
  if (fate === 'lost' || !(await stage.speak(host))) {
    host.mail.push(mail)
    return
  }
  const report = mail.report(stage.world.parts.presence.clockCorrection(host.id))
  await stage.world.parts.tasks.report(host.id, report)
  stage.say(`tells ${name}${fate === 'arrives' ? '' : ', and the answer is lost'}`, host)
  if (what === 'unknown') task.unknownTold = true
  else if (what === 'exists') task.existsTold = true
  else if (what === 'completed') task.completedTold = true
  else if (what === 'refused') task.refusedTold = true
  else if (what === 'unnamed') task.unnamedTold += 1
  else if (run !== undefined && what === 'end') run.endTold = true
  else if (run !== undefined) run.startToldAt ??= stage.now()
  // What names no run is not told from another one of its kind.
  if (fate === 'answer lost' && what !== 'unnamed') host.mail.push(mail)
}
