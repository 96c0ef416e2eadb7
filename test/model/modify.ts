// Changes of invocations that repeat: another script, another schedule, more hosts (api.md §7.2).
import { SCOPE } from '../../src/server/domain/_support.js'
import { Fault } from '../../src/server/domain/faults.js'
import type { Chance } from '../load/random.js'
import { listResults } from './ask.js'
import {
  type InvocationFacts,
  isSchedule,
  newTask,
  scheduleOf,
  type TaskFacts,
  type Version,
  waitsForStart,
} from './facts.js'
import { isUnfinished } from './judge.js'
import type { Stage } from './stage.js'

/** It comes alone: what is there before is what it finds. */
export const modify = async (stage: Stage, chance: Chance): Promise<void> => {
  const recent = stage.invocations.filter(({ mode }) => isSchedule(mode) || waitsForStart(mode)).slice(-10)
  const isOther = chance.chance(0.5)
  const hosts = stage.hosts.filter((host) => !host.lies && chance.chance(isOther ? 0.2 : 0.5))
  if (recent.length === 0) return
  const invocation = chance.pick(recent)
  const version = isOther ? otherVersion(stage, chance, invocation) : undefined
  const told = await listResults(stage.world, { invokeId: invocation.id })
  const statusOf = new Map(told.map(({ instanceId, status }) => [instanceId, status]))
  const isOpen = told.some(({ status }) => isUnfinished(status))
  const taskOf = (id: string): TaskFacts | undefined => invocation.tasks.find(({ host }) => host.id === id)
  const wanted = hosts.filter(({ id }) => !isUnfinished(statusOf.get(id) ?? ''))
  const may = [
    ...(isOpen ? [] : ['invocation/over']),
    ...(wanted.some(({ id }) => (taskOf(id)?.handed.length ?? 0) > 0) ? ['invocation/instance-over'] : []),
    ...(wanted.length > 0 && invocation.rollout !== undefined ? ['operation/forbidden'] : []),
  ]
  const instanceIds = hosts.map(({ id }) => id)
  const change = {
    instanceIds,
    ...(version === undefined ? {} : { content: Buffer.from(version.content) }),
    ...(version?.frequency === undefined ? {} : { frequency: version.frequency }),
  }
  const became = await stage.world.parts.domain.invocations.modify(SCOPE, invocation.id, change, undefined).then(
    () => 'done',
    (cause: unknown) => {
      if (cause instanceof Fault) return cause.kind
      throw cause
    },
  )
  const name = `${version === undefined ? '' : 'another script, '}${hosts.map((host) => host.name).join(', ')}`
  stage.sayToAll(`changes #${invocation.number} (${name}): ${became}`)
  if (may.length === 0 ? became !== 'done' : !may.includes(became))
    stage.wrong.push(
      `a change of #${invocation.number} (${name}) is ${became}, and should be ${may.join(' or ') || 'done'}`,
    )
  if (became !== 'done') return
  if (version !== undefined && isOtherThan(invocation.versions.at(-1), version)) invocation.versions.push(version)
  for (const host of wanted) {
    const known = taskOf(host.id)
    const task = known ?? newTask(invocation, host, stage.now())
    task.wasLive = stage.isLive(host)
    task.addedAt = stage.now()
    task.stopTold = false
    if (known !== undefined) continue
    invocation.tasks.push(task)
    const invoked = stage.invoked.get(host.id)
    if (invoked === undefined) continue
    invoked.count += 1
    invoked.lastAt = stage.now()
  }
}

/** Another script for a command that is kept would be another kept one, and these are few. */
const otherVersion = (stage: Stage, chance: Chance, invocation: InvocationFacts): Version => ({
  content:
    invocation.commandId === ''
      ? `echo '#${invocation.number}' ${stage.nextNumber()}`
      : (invocation.versions[0]?.content ?? ''),
  ...scheduleOf(invocation.mode, stage.now(), chance),
})

/** What is as it was is no other version. */
const isOtherThan = (one: Version | undefined, other: Version): boolean =>
  one?.content !== other.content || (other.frequency !== undefined && one.frequency !== other.frequency)
