// A random walk through everything that callers, hosts and time can do to the command system, compared with what is known
// for sure (design §5, D5–D7): nothing is lost, nothing is done twice, no success is false, every task ends or may be open,
// and every number that the server tells is the number of what it counts.
import { SCOPE, type World } from '../../src/server/domain/_support.js'
import { inconsistencies } from '../load/inconsistencies.js'
import { Chance } from '../load/random.js'
import { listInvocations, listResults, listSends } from './ask.js'
import { ALONE, choose, TOGETHER } from './deeds.js'
import { runsOften } from './facts.js'
import { deliverFileMail, judgeSends } from './files.js'
import { isActive, judgeRollUp, judgeTask } from './judge.js'
import type { ModelHost } from './model-host.js'
import { judgeRollouts, listRollouts, resumeAll, sweepRollouts } from './rollouts.js'
import { Stage } from './stage.js'
import { deliverMail, fetchBy } from './wire.js'

const HONEST_HOSTS = 4
/** Steps between two looks at everything. */
const CHECK_EVERY = 200
/** Deeds at a time. */
const MOST_TOGETHER = 4
/** A minute each: longer than all that is under way may take. */
const SETTLING_ROUNDS = 14
/** Of its host's story, in a failure. */
const LAST_STEPS = 40
const MOST_SENTENCES = 12
const MOST_SWEEPS = 100

export interface Walk {
  readonly seed: number
  readonly steps: number
}

/** @returns steps taken. @throws Error that names seed and step, with what is wrong and the last steps of the hosts that it is about */
export const walk = async (open: () => Promise<World>, { seed, steps }: Walk): Promise<number> => {
  const stage = new Stage(await open())
  try {
    for (let host = 0; host < HONEST_HOSTS; host += 1) await stage.addHost(host % 2 === 0 ? 'vendor' : 'ours', false)
    await stage.addHost('vendor', true)
    const chance = new Chance(seed)
    let checkAt = CHECK_EVERY
    while (stage.step < steps) {
      await take(stage, chance, seed)
      fail(stage, seed, stage.wrong)
      if (stage.step < checkAt) continue
      checkAt = stage.step + CHECK_EVERY
      fail(stage, seed, await check(stage, false))
    }
    fail(stage, seed, await check(stage, false))
    await settle(stage, new Chance(seed + 1))
    fail(stage, seed, await check(stage, true))
    await stopAll(stage)
    await settle(stage, new Chance(seed + 2))
    fail(stage, seed, await check(stage, true))
    return stage.step
  } catch (cause) {
    if (cause instanceof Wrong) throw cause
    throw new Wrong(
      `seed ${seed}, step ${stage.step}: ${String(cause)}\n${stage.steps.slice(-LAST_STEPS).join('\n')}`,
      { cause },
    )
  } finally {
    await stage.world[Symbol.asyncDispose]()
  }
}

class Wrong extends Error {}

/** One step, or some that are under way at the same time. */
const take = async (stage: Stage, chance: Chance, seed: number): Promise<void> => {
  const own = (index: number): Chance =>
    new Chance(seed ^ Math.imul(stage.step * MOST_TOGETHER + index + 1, 0x2545f491))
  if (chance.chance(0.3)) {
    stage.step += 1
    return choose(ALONE, chance)(stage, own(0), true)
  }
  const amount = chance.chance(0.5) ? 1 : chance.between(2, MOST_TOGETHER)
  const deeds = Array.from({ length: amount }, () => choose(TOGETHER, chance))
  stage.step += amount
  await Promise.all(deeds.map((deed, index) => deed(stage, own(index), amount === 1)))
}

/** Everyone is there, time passes, everything is said. */
const settle = async (stage: Stage, chance: Chance): Promise<void> => {
  stage.say('settling')
  for (const host of stage.hosts) host.away = false
  for (let round = 0; round < SETTLING_ROUNDS; round += 1) {
    for (let part = 0; part < 2; part += 1) {
      stage.pass(30_000)
      for (const host of stage.hosts) {
        await stage.beat(host)
        if (host.lies) continue
        host.work(stage.time, chance)
        for (const mail of host.mail.splice(0)) await deliverMail(stage, host, mail, 'arrives')
        for (const mail of host.fileMail.splice(0)) await deliverFileMail(stage, host, mail, 'arrives')
        await fetchBy(stage, host, false, chance, false)
      }
      await sweepRollouts(stage)
    }
    await expireAll(stage)
    await resumeAll(stage)
    await sweepRollouts(stage)
  }
  for (const host of stage.hosts) {
    for (const mail of host.mail.splice(0)) await deliverMail(stage, host, mail, 'arrives')
    for (const mail of host.fileMail.splice(0)) await deliverFileMail(stage, host, mail, 'arrives')
  }
  await stage.world.parts.rollouts.settled()
}

/** As the server does every second; what is over must not be found again. */
const expireAll = async (stage: Stage): Promise<void> => {
  for (let sweeps = 0; (await stage.world.parts.sweeps.expireNow()) > 0; sweeps += 1)
    if (sweeps > MOST_SWEEPS) throw new Error('a sweep finds the same tasks for ever')
}

const stopAll = async (stage: Stage): Promise<void> => {
  const { invocations } = stage.world.parts.domain
  for (const invocation of stage.invocations) {
    if (invocation.rollout !== undefined) invocation.rollout.mayHold = true
    await invocations.stop(
      SCOPE,
      { accountId: SCOPE.accountId, accessKeyId: '', sourceAddress: '' },
      invocation.id,
      undefined,
    )
    for (const task of invocation.tasks) task.stopTold = true
  }
  stage.say('stops everything')
}

/** Looks at everything that the server tells. @returns sentences about what is wrong */
const check = async (stage: Stage, isSettled: boolean): Promise<readonly string[]> => {
  const { world } = stage
  const wrong: string[] = []
  await world.parts.rollouts.settled()
  const results = await listResults(world, {})
  const invocations = await listInvocations(world, {})
  const active = new Map<string, number>()
  const statuses = new Map<string, string[]>()
  for (const told of results) {
    if (isActive(told.status)) active.set(told.instanceId, (active.get(told.instanceId) ?? 0) + 1)
    statuses.set(told.invokeId, [...(statuses.get(told.invokeId) ?? []), told.status])
  }
  const byTask = new Map(results.map((told) => [`${told.invokeId} ${told.instanceId}`, told]))
  for (const invocation of stage.invocations) {
    const often = runsOften(invocation.mode)
    const history = often ? await listResults(world, { invokeId: invocation.id, includeHistory: true }) : []
    for (const task of invocation.tasks) {
      const { host } = task
      const told = byTask.get(`${invocation.id} ${host.id}`)
      const where = `#${invocation.number} (${invocation.mode}) on ${host.name}`
      if (told === undefined) wrong.push(`${where} is gone`)
      else if (!host.lies)
        for (const what of judgeTask(
          task,
          told,
          history.filter(({ instanceId }) => instanceId === host.id),
          isSettled,
        ))
          wrong.push(`${where} is ${told.status} ${told.errorCode} ${told.exitCode ?? ''}: ${what}`)
    }
    const told = invocations.find(({ invokeId }) => invokeId === invocation.id)
    const its = statuses.get(invocation.id) ?? []
    if (told === undefined) wrong.push(`#${invocation.number} is gone`)
    else
      for (const what of judgeRollUp(told, its, invocation.rollout?.mayHold === true))
        wrong.push(`#${invocation.number} (${its.join(', ')}): ${what}`)
  }
  const sends = await listSends(world)
  wrong.push(...judgeSends(stage, sends, isSettled))
  for (const { invokeId, results: files } of sends)
    statuses.set(
      invokeId,
      files.map(({ status }) => status),
    )
  wrong.push(...judgeRollouts(stage, await listRollouts(stage), statuses, isSettled))
  const known = new Set(stage.invocations.map(({ id }) => id))
  for (const { invokeId } of invocations) if (!known.has(invokeId)) wrong.push(`${invokeId} was never submitted`)
  for (const host of stage.hosts) wrong.push(...(await checkStatus(stage, host, active.get(host.id) ?? 0)))
  wrong.push(...(await inconsistencies(world.parts.database.reader)))
  return wrong
}

const checkStatus = async (stage: Stage, host: ModelHost, active: number): Promise<readonly string[]> => {
  const page = { style: 'number', number: 1, size: 1 } as const
  const { items } = await stage.world.parts.domain.instances.agentStatus(SCOPE, { instanceIds: [host.id] }, page)
  const [told] = items
  const { count, lastAt } = stage.invoked.get(host.id) ?? { count: 0, lastAt: undefined }
  const compare = (what: string, is: unknown, should: unknown): readonly string[] =>
    is === should ? [] : [`${what} of ${host.name} is ${String(is)}, and should be ${String(should)}`]
  return [
    ...compare('InvocationCount', told?.invocationCount, count),
    ...compare('ActiveTaskCount', told?.activeTaskCount, active),
    ...compare('LastInvokedTime', told?.lastInvokedAt, lastAt),
    ...compare('CloudAssistantStatus', told?.online, stage.isLive(host)),
    ...compare('CloudAssistantVersion', told?.agentVersion, '2.2.3.578'),
  ]
}

const fail = (stage: Stage, seed: number, wrong: readonly string[]): void => {
  if (wrong.length === 0) return
  const named = wrong.slice(0, MOST_SENTENCES).map((what) => withNames(stage, what))
  const hosts = [...stage.hosts, ...stage.gone].filter(({ name }) =>
    named.some((what) => new RegExp(`\\b${name}\\b`).test(what)),
  )
  const tasks = new Set(named.flatMap((what) => /#\d+\b/.exec(what) ?? []))
  const stories = hosts.flatMap(({ name, story }) => [
    ...[...tasks].map((task) => told(`what ${name} had to do with ${task}`, about(story, task).slice(-LAST_STEPS))),
    told(`last steps of ${name}`, story.slice(-LAST_STEPS)),
  ])
  throw new Wrong(
    [
      `seed ${seed}, step ${stage.step}:`,
      ...named,
      ...stories,
      told('last steps', stage.steps.slice(-LAST_STEPS / 2)),
    ].join('\n'),
  )
}

const told = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `${title}:\n  ${lines.join('\n  ')}`

const about = (story: readonly string[], task: string): readonly string[] =>
  story.filter((line) => new RegExp(`${task}\\b|process|cut off|is back|clock|server`).test(line))

/** Ids are random: what a seed repeats is names. */
const withNames = (stage: Stage, sentence: string): string => {
  const invocations = [...stage.invocations, ...stage.sends].map(({ id, number }) => [id, `#${number}`] as const)
  const hosts = [...stage.hosts, ...stage.gone].map(({ id, name }) => [id, name] as const)
  return [...invocations, ...hosts].reduce((text, [id, name]) => text.replaceAll(id, name), sentence)
}
