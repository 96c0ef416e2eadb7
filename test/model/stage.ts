// The server under test with the hosts and the facts around it, and the true time.
import { CALLER, SCOPE, SCRIPT, type World } from '../../src/server/domain/_support.js'
import type { Chance } from '../load/random.js'
import { listResults, listSends } from './ask.js'
import type { HandedOut, InvocationFacts, TaskFacts } from './facts.js'
import type { FileFacts, SendFacts } from './files.js'
import { type AgentKind, ModelHost } from './model-host.js'

/** api.md §8.3. */
const FAILED: readonly string[] = ['Failed', 'Error', 'Timeout', 'Invalid', 'Aborted']

/** design §6. */
const LIVE_MS = 120_000
const GRACE_MS = 70_000

export interface KeptCommand {
  readonly id: string
  content: string
  timeoutMs: number
}

export class Stage {
  world: World
  /** True time, in milliseconds since 1970. */
  time: number
  /** True times of the server's latest start, and of the end of the one before. */
  startedAt: number
  downSince: number
  readonly hosts: ModelHost[] = []
  readonly gone: ModelHost[] = []
  readonly invocations: InvocationFacts[] = []
  readonly #byId = new Map<string, InvocationFacts>()
  readonly sends: SendFacts[] = []
  /** Files that hosts were handed before the call that sent them was answered. */
  readonly handedEarly: (HandedOut & { readonly taskId: string; readonly hostId: string })[] = []
  readonly commands: KeptCommand[] = []
  /** What DescribeCloudAssistantStatus has to tell. */
  readonly invoked = new Map<string, { count: number; lastAt: number | undefined }>()
  readonly steps: string[] = []
  step = 0
  /** Sentences about what was wrong at once. */
  readonly wrong: string[] = []
  #requests = 0
  #numbers = 0

  constructor(world: World) {
    this.world = world
    this.time = world.now()
    this.startedAt = this.time
    this.downSince = this.time
  }

  /** The server's clock. */
  now(): number {
    return this.world.now()
  }

  nextNumber(): number {
    return (this.#numbers += 1)
  }

  say(text: string, host?: ModelHost): void {
    const line = `${this.step} (${new Date(this.now()).toISOString().slice(11, 19)}): ${host === undefined ? '' : `${host.name} `}${text}`
    this.steps.push(line)
    host?.story.push(line)
  }

  /** Something that all hosts are concerned by. */
  sayToAll(text: string): void {
    this.say(text)
    for (const host of this.hosts) host.story.push(this.steps.at(-1) ?? '')
  }

  async addHost(agent: AgentKind, lies: boolean): Promise<ModelHost> {
    const id = await this.world.host()
    const host = new ModelHost(`h${this.hosts.length + this.gone.length + 1}`, id, agent, lies, this.time)
    host.heardAt = this.time
    this.hosts.push(host)
    this.invoked.set(id, { count: 0, lastAt: undefined })
    this.say(`registers, ${agent}${lies ? ', lies' : ''}, ${id}`, host)
    return host
  }

  keep(invocation: InvocationFacts): void {
    this.invocations.push(invocation)
    this.#byId.set(invocation.id, invocation)
  }

  taskOf(invokeId: string, hostId: string): TaskFacts | undefined {
    return this.#byId.get(invokeId)?.tasks.find(({ host }) => host.id === hostId)
  }

  fileOf(sendId: string, hostId: string): FileFacts | undefined {
    return this.sends.find(({ id }) => id === sendId)?.files.find(({ host }) => host.id === hostId)
  }

  /** Hosts on which an invocation or a file is told to have failed, and those that a halt left out. */
  async failedOn(id: string): Promise<ReadonlySet<string>> {
    const isFile = this.sends.some((send) => send.id === id)
    const results = isFile
      ? (await listSends(this.world)).find(({ invokeId }) => invokeId === id)?.results
      : await listResults(this.world, { invokeId: id })
    const page = { style: 'number', number: 1, size: 1 } as const
    const filter = { invokeIds: [id], status: 'Halted' } as const
    const hasHalted = (await this.world.parts.domain.rollouts.list(SCOPE, filter, page)).totalCount > 0
    // A rollout says why it leaves a host out; whoever stops it does not. Of a file it is told as Aborted, with a code of its own.
    const failed = (results ?? []).filter(({ status, errorCode, errorInfo }) => {
      const isLeftOut = errorCode === 'RolloutEnded' || (status === 'Cancelled' && errorInfo !== '')
      return isLeftOut ? hasHalted : FAILED.includes(status)
    })
    return new Set(failed.map(({ instanceId }) => instanceId))
  }

  isLive({ heardAt, gone }: ModelHost): boolean {
    if (gone) return false
    if (heardAt >= this.startedAt) return this.time - heardAt <= LIVE_MS
    return this.time - this.startedAt < GRACE_MS && this.downSince - heardAt <= LIVE_MS
  }

  pass(milliseconds: number): void {
    this.time += milliseconds
    this.world.pass(milliseconds)
  }

  /** A request of a host comes to the agents' door. @returns false: it does not arrive, or is refused */
  async speak(host: ModelHost): Promise<boolean> {
    if (host.away || host.gone) return false
    const { registry, presence } = this.world.parts
    await registry.findHostKey(host.id)
    const verdict = presence.admit(host.id, host.stamp(this.time), `r${(this.#requests += 1)}`)
    if (verdict !== 'fresh') {
      this.say(`is refused: ${verdict}`, host)
      return false
    }
    host.heardAt = this.time
    return true
  }

  async beat(host: ModelHost): Promise<void> {
    if (!(await this.speak(host))) return
    const { process } = host
    const cold = process.beaten ? undefined : process.isCold
    await this.world.parts.registry.heartbeat(host.id, {
      osType: 'Linux',
      agentVersion: '2.2.3.578',
      pid: process.pid,
      processUptimeMs: this.time - process.startedAt,
      uptimeMs: 1_000_000,
      agentTime: host.clock(this.time),
      coldStart: cold,
      osVersion: undefined,
    })
    process.beaten = true
  }

  /** The server ends and starts again. */
  async restart(downMs: number): Promise<void> {
    this.downSince = this.time
    this.world = await this.world.restart(downMs)
    this.time += downMs
    this.startedAt = this.time
  }

  async submit(
    invocation: InvocationFacts,
    request: object,
    timeoutSeconds: number,
    commandId: string,
  ): Promise<boolean> {
    const instanceIds = invocation.tasks.map(({ host }) => host.id)
    const whole = {
      targets: { by: 'id' as const, instanceIds },
      username: '',
      resourceGroupId: '',
      tags: [],
      ...request,
    }
    const { invocations } = this.world.parts.domain
    const command = {
      ...SCRIPT,
      name: '',
      content: Buffer.from(invocation.versions[0]?.content ?? ''),
      timeoutSeconds,
      keep: false,
    }
    try {
      const answer =
        commandId === ''
          ? await invocations.run(SCOPE, CALLER, command, whole, undefined)
          : await invocations.invoke(SCOPE, CALLER, commandId, whole, undefined)
      invocation.id = answer.invokeId
      this.keep(invocation)
      return true
    } catch (cause) {
      // One of them deregistered in the same moment.
      if (invocation.tasks.some(({ host }) => host.gone)) return false
      throw cause
    }
  }
}

/** A host of those that are there. */
export const anyHost = (stage: Stage, chance: Chance): ModelHost => chance.pick(stage.hosts)
