// Puts there what a case says is there: instances by the store, everything else by the verbs that make it so.
import type { World } from './_support.js'
import { ACCOUNT, hostPublicKey, REGION } from './_support.js'

/** Answers of earlier calls, by the name that the case gives them. */
export type Made = Map<string, Readonly<Record<string, unknown>>>

interface InstanceSeed {
  readonly instance: string
  readonly os: 'Linux' | 'Windows' | 'FreeBSD'
  readonly agent: string
  readonly online: boolean
  readonly connected?: boolean
  readonly name?: string
  readonly hostname?: string
  readonly osVersion?: string
  readonly machineId?: string
  readonly activation?: string
  readonly intranetIp?: string
  readonly internetIp?: string
  readonly group?: string
  readonly registeredAt?: string
  readonly bootedAt?: string
  readonly tags?: Readonly<Record<string, string>>
}

interface ReportSeed {
  readonly report: string
  readonly of: string
  readonly kind: 'running' | 'finish'
  readonly startedAt: string
  readonly endedAt?: string
  readonly exitCode?: number
  /** Base64. */
  readonly output?: string
  readonly dropped?: number
}

interface FileReportSeed {
  readonly fileReport: string
  readonly of: string
  /** How it ended, or what the agent refused. */
  readonly code?: number
  readonly param?: string
  readonly value?: string
}

export type Seed =
  | InstanceSeed
  | ReportSeed
  | FileReportSeed
  | { readonly counted: string; readonly at: string }
  | { readonly call: Readonly<Record<string, string>>; readonly as: string }
  | { readonly fetch: string }
  | { readonly time: string }
  | { readonly registered: number; readonly with: string; readonly removed: number }
  | { readonly store: 'broken' }
  | { readonly disk: 'lost' }
  | { readonly outputs: 'delivered' }

const SCOPE = { accountId: ACCOUNT, regionId: REGION }

/** Replaces `{name.Member}` by what an earlier call answered. Other braces stay. */
export const fillIn = (text: string, made: Made): string =>
  text.replace(/\{(\w+)\.(\w+)\}/g, (whole, name: string, member: string) => {
    const answer = made.get(name)
    return answer === undefined ? whole : String(answer[member])
  })

export const fillAll = (parameters: Readonly<Record<string, string>>, made: Made): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, fillIn(value, made)]))

const addInstance = async (world: World, seed: InstanceSeed): Promise<void> => {
  const { stores, presence } = world.parts
  const now = world.now()
  await stores.write(async (w) => {
    await w.instances.add({
      scope: SCOPE,
      instanceId: seed.instance,
      osType: seed.os,
      agentVersion: seed.agent,
      instanceName: seed.name ?? '',
      hostname: seed.hostname ?? '',
      osVersion: seed.osVersion ?? '',
      machineId: seed.machineId ?? '',
      publicKey: '',
      activationId: seed.activation ?? '',
      intranetIp: seed.intranetIp ?? '',
      internetIp: seed.internetIp ?? '',
      resourceGroupId: seed.group ?? '',
      registeredAt: seed.registeredAt === undefined ? now : Date.parse(seed.registeredAt),
      tags: Object.entries(seed.tags ?? {}).map(([key, value]) => ({ key, value })),
    })
    if (seed.bootedAt === undefined) return
    const bootedAt = Date.parse(seed.bootedAt)
    await w.instances.describe(seed.instance, { agentVersion: seed.agent, osType: seed.os, bootedAt, now })
  })
  if (seed.online) presence.admit(seed.instance, now, 'seed')
  if (seed.connected === true) presence.connected(seed.instance)
}

const report = async (world: World, seed: ReportSeed, made: Made): Promise<void> => {
  const taskId = fillIn(seed.of, made)
  const output = Buffer.from(seed.output ?? '', 'base64')
  const startedAt = Date.parse(seed.startedAt)
  await world.parts.tasks.report(
    seed.report,
    seed.kind === 'running'
      ? { kind: 'running', taskId, run: startedAt, startedAt, output }
      : {
          kind: 'finish',
          taskId,
          run: startedAt,
          startedAt,
          endedAt: Date.parse(seed.endedAt ?? seed.startedAt),
          exitCode: seed.exitCode ?? 0,
          dropped: seed.dropped ?? 0,
          output,
        },
  )
}

const register = async (world: World, made: Made, name: string, count: number, removed: number): Promise<void> => {
  const activation = made.get(name)
  const publicKeyPem = hostPublicKey()
  for (let at = 0; at < count; at += 1) {
    const outcome = await world.parts.registry.register({
      activationId: String(activation?.['ActivationId']),
      activationCode: String(activation?.['ActivationCode']),
      machineId: `machine-${at}`,
      instanceName: '',
      hostname: `host-${at}`,
      intranetIp: '10.0.0.1',
      osVersion: 'Linux',
      osType: 'Linux',
      agentVersion: '2.2.0.102',
      publicKeyPem,
      tags: [],
      sourceAddress: '127.0.0.1',
    })
    if (!outcome.registered) throw new Error(`the host was refused: ${outcome.refusal}`)
    if (at < removed) await world.parts.registry.deregister(outcome.instanceId)
  }
}

/** One step of a seed. */
export const plant = async (world: World, seed: Seed, made: Made): Promise<void> => {
  if ('instance' in seed) return addInstance(world, seed)
  if ('report' in seed) return report(world, seed, made)
  if ('fileReport' in seed) {
    const taskId = fillIn(seed.of, made)
    const { code = 0, param, value = '' } = seed
    const end = param === undefined ? { kind: 'finish' as const, code } : { kind: 'invalid' as const, param, value }
    return world.parts.files.report(seed.fileReport, { ...end, taskId })
  }
  if ('time' in seed) return world.setTime(Date.parse(seed.time))
  if ('store' in seed) return world.breakStore()
  if ('disk' in seed) return world.loseDisk()
  if ('outputs' in seed) {
    await world.parts.sweeps.deliverOutputs()
    return world.parts.outputs.settle()
  }
  if ('registered' in seed) return register(world, made, seed.with, seed.registered, seed.removed)
  if ('fetch' in seed) {
    await world.parts.tasks.fetch(seed.fetch, { reason: 'kickoff', coldStart: undefined })
    await world.parts.files.fetch(seed.fetch)
    return
  }
  if ('counted' in seed) {
    await world.parts.stores.write((w) => w.instances.countInvocation(SCOPE, [seed.counted], Date.parse(seed.at)))
    return
  }
  const answer = await world.send(fillAll(seed.call, made), 'JSON')
  if (answer.status !== 200) throw new Error(`the call "${seed.as}" of the seed was answered: ${answer.text}`)
  // Whose turn it is is decided beside the call.
  await world.parts.rollouts.settled()
  made.set(seed.as, JSON.parse(answer.text) as Readonly<Record<string, unknown>>)
}
