// What callers, hosts, time and the server itself do. Each deed takes its chances before its first await, so that a seed
// tells the whole story whatever overtakes what.
import { CALLER, SCOPE, SCRIPT } from '../../src/server/domain/_support.js'
import { Fault } from '../../src/server/domain/faults.js'
import { listInvocations } from './ask.js'
import type { Chance } from '../load/random.js'
import { type InvocationFacts, isSchedule, type Mode, newTask, scheduleOf, waitsForStart } from './facts.js'
import { deliverFileMail, fetchFiles, lieOfFiles, sendTo } from './files.js'
import { isUnfinished } from './judge.js'
import { lie } from './lie.js'
import type { ModelHost } from './model-host.js'
import { modify } from './modify.js'
import { chooseRollout, controlRollouts, sweepRollouts } from './rollouts.js'
import { anyHost, type Stage } from './stage.js'
import { deliverMail, FATES, fetchBy } from './wire.js'

type Deed = (stage: Stage, chance: Chance, isAlone: boolean) => Promise<void>

const submit: Deed = async (stage, chance) => {
  const hosts = stage.hosts.filter(() => chance.chance(0.35))
  if (hosts.length === 0) hosts.push(anyHost(stage, chance))
  const mode = chance.pick<Mode>(MODES)
  const command = chance.chance(0.2) && stage.commands.length > 0 ? chance.pick(stage.commands) : undefined
  const number = stage.nextNumber()
  const timeoutSeconds = isSchedule(mode) ? chance.between(10, 50) : chance.between(10, 120)
  const schedule = scheduleOf(mode, stage.now(), chance)
  const { frequency } = schedule
  const rollout = chooseRollout(chance, mode)
  const invocation: InvocationFacts = {
    number,
    id: '',
    mode,
    timeoutMs: isSchedule(mode) || command === undefined ? timeoutSeconds * 1_000 : command.timeoutMs,
    versions: [{ ...schedule, content: command?.content ?? `echo '#${number}'` }],
    rollout,
    submittedAt: stage.now(),
    commandId: command?.id ?? '',
    tasks: [],
  }
  const before = hosts.map((host) => stage.isLive(host))
  const { tasks } = invocation
  for (const host of hosts) tasks.push(newTask(invocation, host, stage.now()))
  const repeatMode = mode === 'Rate' || mode === 'Cron' || mode === 'At' ? 'Period' : mode
  const request = {
    repeatMode,
    rollout: rollout?.request,
    ...(frequency === undefined ? {} : { frequency }),
    ...(command !== undefined && isSchedule(mode) ? { timeoutSeconds } : {}),
  }
  const name = `#${number} (${mode}${frequency === undefined ? '' : ` ${frequency}`}, ${timeoutSeconds} s${rollout === undefined ? '' : `, ${rollout.text}`})`
  if (!(await stage.submit(invocation, request, timeoutSeconds, invocation.commandId))) {
    stage.say(`${name} is refused: a host is gone`)
    return
  }
  stage.say(`submits ${name} to ${hosts.map((host) => host.name).join(', ')}`)
  for (const [index, host] of hosts.entries()) {
    const after = stage.isLive(host)
    const task = tasks[index]
    if (task !== undefined) task.wasLive = rollout === undefined && before[index] === after ? after : undefined
    host.story.push(`${stage.step}: gets ${name}`)
    const invoked = stage.invoked.get(host.id)
    if (invoked === undefined || mode === 'DryRun') continue
    invoked.count += 1
    invoked.lastAt = stage.now()
  }
}

const MODES: readonly Mode[] = [
  ...Array<Mode>(11).fill('Once'),
  'DryRun',
  'DryRun',
  'Rate',
  'Rate',
  'Cron',
  'At',
  'NextRebootOnly',
  'EveryReboot',
]

const fetch: Deed = async (stage, chance, isAlone) => {
  const host = anyHost(stage, chance)
  const isLost = chance.chance(0.2)
  if (host.lies) return fetchAsLiar(stage, host, chance)
  await fetchBy(stage, host, isLost, chance, isAlone)
}

const fetchAsLiar = async (stage: Stage, host: ModelHost, chance: Chance): Promise<void> => {
  const fetch = { reason: chance.pick(['startup', 'kickoff'] as const), coldStart: chance.chance(0.5) }
  if (!(await stage.speak(host))) return
  await stage.world.handOut(host.id, fetch)
  await fetchFiles(stage, host, false, true)
}

const deliver: Deed = async (stage, chance) => {
  const host = anyHost(stage, chance)
  const amount = chance.between(1, 3)
  const fates = Array.from({ length: amount }, () => chance.pick(FATES))
  const chosen = fates.flatMap(() =>
    host.mail.length === 0 ? [] : host.mail.splice(chance.chance(0.7) ? 0 : chance.between(0, host.mail.length - 1), 1),
  )
  // Late, and in any order.
  const files = fates.flatMap(() =>
    host.fileMail.length === 0 || chance.chance(0.5)
      ? []
      : host.fileMail.splice(chance.between(0, host.fileMail.length - 1), 1),
  )
  await Promise.all([
    ...chosen.map((mail, index) => deliverMail(stage, host, mail, fates[index] ?? 'arrives')),
    ...files.map((mail, index) => deliverFileMail(stage, host, mail, fates[index] ?? 'arrives')),
  ])
}

const work: Deed = async (stage, chance) => {
  for (const host of stage.hosts) if (!host.lies && chance.chance(0.7)) host.work(stage.time, chance)
}

const beat: Deed = async (stage, chance) => {
  const hosts = stage.hosts.filter(() => chance.chance(0.7))
  for (const host of hosts) await stage.beat(host)
}

const stop: Deed = async (stage, chance) => {
  const recent = stage.invocations.slice(-30)
  if (recent.length === 0) return
  const invocation = chance.pick(recent)
  const some = chance.chance(0.3) ? [chance.pick(invocation.tasks)] : invocation.tasks
  const ids = some.length === invocation.tasks.length ? undefined : some.map(({ host }) => host.id)
  // Hosts that wait for their turn are left out by a stop of the whole.
  if (ids === undefined && invocation.rollout !== undefined) invocation.rollout.mayHold = true
  await stage.world.parts.domain.invocations.stop(SCOPE, CALLER, invocation.id, ids)
  for (const task of some) {
    task.stopTold = true
    task.host.story.push(`${stage.step}: #${invocation.number} is stopped`)
  }
  stage.say(`stops #${invocation.number}`)
}

const expire: Deed = async (stage) => {
  const ended = await stage.world.parts.sweeps.expireNow()
  if (ended > 0) stage.sayToAll(`a sweep ends ${ended}`)
  await sweepRollouts(stage)
}

const pass: Deed = async (stage, chance) => {
  const by = chance.chance(0.1) ? chance.between(30_000, 200_000) : chance.between(1, 12_000)
  stage.pass(by)
  stage.sayToAll(`${by} ms pass`)
  if (chance.chance(0.7)) await beat(stage, chance, true)
}

const restartAgent: Deed = async (stage, chance) => {
  const host = anyHost(stage, chance)
  const isCold = chance.chance(0.4)
  const hearsBeat = chance.chance(0.85)
  // No agent is up again within a second, no host within ten.
  stage.pass(isCold ? chance.between(10_000, 40_000) : chance.between(1_000, 5_000))
  host.restart(stage.time, isCold)
  stage.say(`has a new process${isCold ? ', the host started' : ''}`, host)
  if (hearsBeat) await stage.beat(host)
}

const goAway: Deed = async (stage, chance) => {
  const host = anyHost(stage, chance)
  host.away = !host.away
  stage.say(host.away ? 'is cut off' : 'is back', host)
}

const setHostClock: Deed = async (stage, chance) => {
  const host = anyHost(stage, chance)
  const by =
    chance.pick([1, -1]) *
    chance.pick([chance.between(1, 14_000), chance.between(15_000, 280_000), chance.between(300_000, 7_200_000)])
  host.setClock(by, stage.time)
  stage.say(`sets its clock by ${by} ms`, host)
}

const setServerClock: Deed = async (stage, chance) => {
  const by = chance.pick([1, -1]) * chance.between(6_000, 240_000)
  for (const host of stage.hosts) host.serverClockSet(by, stage.time)
  for (const { tasks } of stage.invocations) for (const task of tasks) task.clockSet = true
  for (const { files } of stage.sends) for (const file of files) file.clockSet = true
  stage.world.setClock(by)
  stage.sayToAll(`the server's clock is set by ${by} ms`)
}

const restartServer: Deed = async (stage, chance) => {
  const downMs = chance.pick([0, chance.between(1_000, 10_000), chance.between(10_000, 300_000)])
  await stage.restart(downMs)
  stage.sayToAll(`the server starts again after ${downMs} ms`)
}

const deregister: Deed = async (stage, chance) => {
  const at = chance.between(0, stage.hosts.length - 1)
  const host = stage.hosts[at] as ModelHost
  if (!(await stage.speak(host))) return
  await stage.world.parts.registry.deregister(host.id)
  host.gone = true
  stage.say('deregisters', host)
  stage.hosts.splice(at, 1)
  stage.gone.push(host)
  await stage.addHost(host.agent, host.lies)
}

const tellLies: Deed = async (stage, chance) => {
  const liars = stage.hosts.filter(({ lies }) => lies)
  if (liars.length === 0) return
  if (chance.chance(0.2)) await lieOfFiles(stage, chance.pick(liars), chance)
  else await lie(stage, chance.pick(liars), chance)
}

const sendFiles: Deed = async (stage, chance) => {
  const hosts = stage.hosts.filter(() => chance.chance(0.4))
  if (hosts.length === 0) hosts.push(anyHost(stage, chance))
  await sendTo(stage, chance, hosts, chooseRollout(chance, 'File'))
}

/** The same again where it failed: what is told to have failed is where it is run, or sent. */
const again: Deed = async (stage, chance) => {
  const isFile = chance.chance(0.4)
  const earlier = (
    isFile ? stage.sends : stage.invocations.filter(({ mode }) => !isSchedule(mode) && !waitsForStart(mode))
  ).slice(-8)
  if (earlier.length === 0) return
  const { id, number } = chance.pick<Pick<InvocationFacts, 'id' | 'number'>>(earlier)
  const failed = await stage.failedOn(id)
  const hosts = stage.hosts.filter((host) => failed.has(host.id))
  stage.say(`again where #${number} failed`)
  try {
    if (isFile) await sendTo(stage, chance, hosts, chooseRollout(chance, 'File'), id)
    else await rerun(stage, chance, hosts, id)
    if (hosts.length === 0) stage.wrong.push(`#${number} failed nowhere, and is run again`)
  } catch (cause) {
    if (!(cause instanceof Fault && cause.kind === 'rerun/nothing-to-run' && hosts.length === 0)) throw cause
  }
}

const rerun = async (stage: Stage, chance: Chance, hosts: readonly ModelHost[], rerunOf: string): Promise<void> => {
  const number = stage.nextNumber()
  const rollout = chooseRollout(chance, 'Once')
  const timeoutSeconds = chance.between(10, 120)
  const content = `echo '#${number}'`
  const facts: InvocationFacts = {
    number,
    id: '',
    mode: 'Once',
    timeoutMs: timeoutSeconds * 1_000,
    versions: [{ content, intervalMs: 0, times: [] }],
    rollout,
    submittedAt: stage.now(),
    commandId: '',
    tasks: [],
  }
  for (const host of hosts) facts.tasks.push(newTask(facts, host, stage.now()))
  const request = { targets: { by: 'failure', invokeId: rerunOf }, rollout: rollout?.request }
  if (!(await stage.submit(facts, request, timeoutSeconds, ''))) return
  stage.say(
    `submits #${number} (Once, ${timeoutSeconds} s, ${rollout?.text ?? 'at once'}) to ${hosts.map(({ name }) => name).join(', ')}`,
  )
  for (const task of facts.tasks) {
    task.wasLive = rollout === undefined ? stage.isLive(task.host) : undefined
    task.host.story.push(`${stage.step}: gets #${number}`)
    const invoked = stage.invoked.get(task.host.id)
    if (invoked === undefined) continue
    invoked.count += 1
    invoked.lastAt = stage.now()
  }
}

const changeCommands: Deed = async (stage, chance) => {
  const { commands } = stage.world.parts.domain
  const content = `echo kept ${stage.nextNumber()}`
  const timeoutSeconds = chance.between(10, 100)
  const command = stage.commands.length === 0 ? undefined : chance.pick(stage.commands)
  const what =
    command === undefined || (stage.commands.length < 4 && chance.chance(0.4))
      ? 'create'
      : chance.pick(['modify', 'delete'])
  if (what === 'create' || command === undefined) {
    const made = await commands.create(
      SCOPE,
      { ...SCRIPT, name: '', content: Buffer.from(content), timeoutSeconds },
      undefined,
    )
    stage.commands.push({ id: made.commandId, content, timeoutMs: timeoutSeconds * 1_000 })
    stage.say(`keeps "${content}"`)
  } else if (what === 'modify') {
    await commands.modify(SCOPE, command.id, { timeoutSeconds })
    command.timeoutMs = timeoutSeconds * 1_000
    stage.say(`gives "${command.content}" ${timeoutSeconds} s`)
  } else {
    const users = await listInvocations(stage.world, { commandId: command.id })
    const isUsed = users.some(({ tasks }) => tasks.some(({ status }) => isUnfinished(status)))
    const kind = await commands.delete(SCOPE, command.id).then(
      () => 'deleted',
      (cause: unknown) => (cause instanceof Fault ? cause.kind : 'another failure'),
    )
    if (kind !== (isUsed ? 'command/in-use' : 'deleted'))
      stage.wrong.push(`the command "${command.content}" is ${isUsed ? '' : 'not '}in use, and is ${kind}`)
    if (kind === 'deleted') stage.commands.splice(stage.commands.indexOf(command), 1)
    stage.say(`deletes "${command.content}": ${kind}`)
  }
}

/** Deeds that may be under way at the same time, and how often each comes. */
export const TOGETHER: readonly (readonly [weight: number, deed: Deed])[] = [
  [9, submit],
  [16, fetch],
  [30, deliver],
  [4, stop],
  [9, sendFiles],
  [3, controlRollouts],
  [7, expire],
  [12, tellLies],
  [14, work],
]

/** Deeds that come alone. */
export const ALONE: readonly (readonly [weight: number, deed: Deed])[] = [
  [50, pass],
  [7, beat],
  [8, restartAgent],
  [6, goAway],
  [3, setHostClock],
  [1, setServerClock],
  [2, restartServer],
  [2, deregister],
  [6, changeCommands],
  [6, modify],
  [4, again],
]

export const choose = (deeds: readonly (readonly [number, Deed])[], chance: Chance): Deed => {
  let left = chance.between(
    1,
    deeds.reduce((sum, [weight]) => sum + weight, 0),
  )
  for (const [weight, deed] of deeds) if ((left -= weight) <= 0) return deed
  throw new RangeError('nothing to choose from')
}
