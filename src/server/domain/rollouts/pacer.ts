import type { Clock } from '../clock.js'
import type { PresenceTable } from '../fleet/presence.js'
import type { UnitOfWork } from '../unit-of-work.js'
import { nextStep, roomForReturned, type Standing } from './next-step.js'
import type { PacedTasks, Turn } from './paced-tasks.js'
import type { RolloutChange } from './rollout-store.js'
import { Turns } from './turns.js'
import { isEnded, ROLLOUT_KINDS, type Rollout, type RolloutKind } from './rollouts.js'

/** Hosts that one transaction sends to, or cancels. */
const CHUNK = 200
/** How often hosts that are waited for are looked at; one that asks for its tasks is not waited for so long. */
const LOOK_MS = 5_000
/** Rollouts that take a step at a time; the others take theirs in turn. */
const STEPS_AT_ONCE = 8
/** Open rollouts read at a time. */
const PAGE = 500
/** Invocations for which one host that came back is looked up. */
const MOST_QUEUED_ON_ONE_HOST = 100

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly presence: PresenceTable
  readonly tasks: Readonly<Record<RolloutKind, PacedTasks>>
  readonly wake: (instanceIds: readonly string[]) => void
  readonly tellFailure: (at: string, cause: unknown) => void
}

interface Known {
  readonly kind: RolloutKind
  /** Hosts that came back. */
  readonly returned: Set<string>
  /** A step is asked for. */
  isDue: boolean
  running: Promise<void> | undefined
  /** Queued hosts were looked at up to here … */
  lookedAt: string
  /** … at this time. */
  lastLook: number
}

/**
 * Takes the steps of all rollouts that are not over, those of one rollout one after the other: when something of it ends,
 * when a host comes back, and each second in any case, so that nothing depends on what memory holds.
 */
export class Pacer {
  readonly #parts: Parts
  readonly #known = new Map<string, Known>()
  /** Those with hosts that are waited for. */
  readonly #queuing = new Set<string>()
  readonly #turns = new Turns(STEPS_AT_ONCE)
  #stopping = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A rollout was submitted, or somebody changed it. */
  begin(invokeId: string, kind: RolloutKind): void {
    this.#ask(this.#knownOf(invokeId, kind))
    void this.#run(invokeId)
  }

  /** Something came to its end, of whatever invocation or file send. */
  taskEnded(invokeId: string): void {
    const known = this.#known.get(invokeId)
    if (known === undefined) return
    this.#ask(known)
    void this.#run(invokeId)
  }

  /** A host may be back: it asks for its tasks, or it connects. */
  async hostSeen(instanceId: string): Promise<void> {
    if (this.#queuing.size === 0) return
    for (const kind of ROLLOUT_KINDS) {
      for (const invokeId of await this.#parts.tasks[kind].queuedOn(instanceId, MOST_QUEUED_ON_ONE_HOST)) {
        const known = this.#knownOf(invokeId, kind)
        known.returned.add(instanceId)
        this.#ask(known)
        void this.#run(invokeId)
      }
    }
  }

  /**
   * Gives a host that has just come back its turn at once, where hosts do not wait for each other: what waits for a start of the
   * host must be there when its agent asks for the first time.
   */
  async letIn(instanceId: string): Promise<void> {
    if (this.#queuing.size === 0) return
    const { stores, tasks } = this.#parts
    for (const kind of ROLLOUT_KINDS) {
      for (const invokeId of await tasks[kind].queuedOn(instanceId, MOST_QUEUED_ON_ONE_HOST)) {
        const seen = await stores.read.rollouts.standing(invokeId, kind)
        if (seen === undefined || seen.maxConcurrency !== undefined) continue
        await this.#send(invokeId, this.#knownOf(invokeId, kind), seen, [instanceId], roomForReturned)
      }
    }
  }

  /** Looks at all that are not over; also finds those of the time before this server began. */
  async sweep(): Promise<void> {
    const { stores, clock } = this.#parts
    const seen = new Set<string>()
    for (let after = ''; ; ) {
      const open = await stores.read.rollouts.open(after, PAGE, clock.now())
      for (const { invokeId, kind, status, queued, isDue } of open) {
        if (this.#stopping) return
        seen.add(invokeId)
        const known = this.#knownOf(invokeId, kind)
        this.#noteQueue(invokeId, queued)
        if (queued > 0) await this.#lookForReturned(invokeId, known)
        if (!isDue && (known.returned.size === 0 || status !== 'InProgress')) continue
        this.#ask(known)
        void this.#run(invokeId)
      }
      const last = open.at(-1)
      if (last === undefined || open.length < PAGE) break
      after = last.invokeId
    }
    for (const [invokeId, known] of this.#known)
      if (!seen.has(invokeId) && known.running === undefined && !known.isDue) this.#forget(invokeId)
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    for (;;) {
      const running = [...this.#known.values()].flatMap(({ running: one }) => (one === undefined ? [] : [one]))
      if (running.length === 0) return
      await Promise.all(running)
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.settled()
  }

  #knownOf(invokeId: string, kind: RolloutKind): Known {
    const found = this.#known.get(invokeId)
    if (found !== undefined) return found
    const made: Known = { kind, returned: new Set(), isDue: false, running: undefined, lookedAt: '', lastLook: 0 }
    this.#known.set(invokeId, made)
    return made
  }

  #noteQueue(invokeId: string, queued: number): void {
    if (queued > 0) this.#queuing.add(invokeId)
    else this.#queuing.delete(invokeId)
  }

  #forget(invokeId: string): void {
    this.#known.delete(invokeId)
    this.#queuing.delete(invokeId)
  }

  #ask(known: Known): void {
    known.isDue = true
  }

  #run(invokeId: string): Promise<void> {
    const known = this.#known.get(invokeId)
    if (known === undefined || this.#stopping) return Promise.resolve()
    known.running ??= this.#steps(invokeId, known).finally(() => {
      known.running = undefined
      // It was asked for just when the last step had been taken.
      if (known.isDue && this.#known.get(invokeId) === known) void this.#run(invokeId)
    })
    return known.running
  }

  /** Never fails: the next sweep tries again. */
  async #steps(invokeId: string, known: Known): Promise<void> {
    try {
      while (known.isDue && !this.#stopping) {
        known.isDue = false
        await using _ = await this.#turns.take()
        if (await this.#step(invokeId, known)) known.isDue = true
      }
    } catch (cause) {
      this.#parts.tellFailure('rollouts', cause)
    }
  }

  /** Some of the hosts that are waited for, going round: whoever is back is given its turn. */
  async #lookForReturned(invokeId: string, known: Known): Promise<void> {
    const { presence, tasks, clock } = this.#parts
    if (Math.abs(clock.now() - known.lastLook) < LOOK_MS) return
    known.lastLook = clock.now()
    const ids = await tasks[known.kind].queued(invokeId, known.lookedAt, PAGE)
    await presence.prefetch(ids)
    for (const id of ids) if (presence.isLive(presence.lastSeen(id))) known.returned.add(id)
    known.lookedAt = ids.length < PAGE ? '' : (ids.at(-1) ?? '')
  }

  /** One step. @returns whether another one may follow at once */
  async #step(invokeId: string, known: Known): Promise<boolean> {
    const { stores, clock } = this.#parts
    const seen = await stores.read.rollouts.standing(invokeId, known.kind)
    if (seen === undefined) {
      this.#forget(invokeId)
      return false
    }
    this.#noteQueue(invokeId, seen.counts.queued)
    if (seen.counts.queued === 0) known.returned.clear()
    if (known.returned.size > 0 && roomForReturned(seen) > 0) return this.#letReturnedIn(invokeId, known, seen)
    const step = nextStep(seen, clock.now())
    if (step.kind === 'rest') return false
    if (step.kind !== 'release') return this.#change(invokeId, known, seen)
    const waiting = await this.#parts.tasks[known.kind].waiting(invokeId, step.below, CHUNK)
    const instanceIds = await this.#nextOf(waiting, seen, step.free)
    const turns = await this.#send(invokeId, known, seen, instanceIds, (held) => {
      const now = nextStep(held, clock.now())
      return now.kind === 'release' ? now.free : 0
    })
    return turns.some((became) => became !== 'unchanged')
  }

  /**
   * The first of those that wait: as many as there is room for, with the hosts between them that are away, but no more of these
   * than halt it.
   */
  async #nextOf(waiting: readonly string[], seen: Rollout, free: number): Promise<readonly string[]> {
    const { presence, clock } = this.#parts
    await presence.prefetch(waiting)
    const isQueue = seen.queueUntil !== undefined && seen.queueUntil > clock.now()
    let room = free
    let failures = isQueue
      ? Number.POSITIVE_INFINITY
      : (seen.stopAfterFailures ?? Number.POSITIVE_INFINITY) - seen.counts.failed
    const next: string[] = []
    for (const id of waiting) {
      if (room <= 0 || failures <= 0) break
      next.push(id)
      if (presence.isLive(presence.lastSeen(id))) room -= 1
      else failures -= 1
    }
    return next
  }

  async #letReturnedIn(invokeId: string, known: Known, seen: Rollout): Promise<boolean> {
    const instanceIds = [...known.returned].slice(0, Math.min(CHUNK, roomForReturned(seen)))
    await this.#send(invokeId, known, seen, instanceIds, roomForReturned)
    for (const id of instanceIds) known.returned.delete(id)
    return true
  }

  /** Gives hosts their turn, at most as many as there is room for. @returns what became of each */
  async #send(
    invokeId: string,
    known: Known,
    seen: Rollout,
    instanceIds: readonly string[],
    roomIn: (held: Standing) => number,
  ): Promise<readonly Turn[]> {
    if (instanceIds.length === 0) return []
    const { stores, clock, tasks, wake } = this.#parts
    const takeTurn = await tasks[known.kind].prepare(invokeId, instanceIds, seen.queueUntil)
    // In the order in which all come to tasks, so that two transactions do not wait for each other in a circle.
    const inOrder = [...instanceIds].sort()
    const { turns, sent } = await stores.write(async (w) => {
      const turns: Turn[] = []
      const sent: string[] = []
      await w.rollouts.hold(invokeId)
      const held = await w.rollouts.standing(invokeId, known.kind)
      let room = held === undefined ? 0 : roomIn(held)
      for (const instanceId of inOrder) {
        if (room <= 0) break
        const became = await takeTurn(w, instanceId, clock.now())
        turns.push(became)
        if (became !== 'sent') continue
        sent.push(instanceId)
        room -= 1
      }
      return { turns, sent }
    })
    wake(sent)
    return turns
  }

  /** A change of the rollout itself, decided again by the transaction that makes it. */
  async #change(invokeId: string, known: Known, { scope }: Rollout): Promise<boolean> {
    const { stores, clock, tasks } = this.#parts
    return stores.write(async (w) => {
      await w.rollouts.hold(invokeId)
      const held = await w.rollouts.standing(invokeId, known.kind)
      if (held === undefined) return false
      const now = clock.now()
      const step = nextStep(held, now)
      if (step.kind === 'rest' || step.kind === 'release') return step.kind === 'release'
      if (step.kind === 'cancel') return (await tasks[known.kind].cancel(w, invokeId, held.reason, CHUNK, now)) > 0
      const as = (change: Partial<RolloutChange>): RolloutChange => ({
        status: held.status,
        reason: held.reason,
        wave: held.wave,
        resumeAt: undefined,
        isOver: false,
        ...change,
      })
      const change =
        step.kind === 'finish'
          ? as({
              status: isEnded(held) ? held.status : 'Finished',
              reason: isEnded(held) ? held.reason : '',
              isOver: true,
            })
          : step.kind === 'halt'
            ? as({ status: 'Halted', reason: step.reason })
            : step.kind === 'pause'
              ? as({ status: 'Paused', reason: step.reason, wave: step.wave, resumeAt: step.resumeAt })
              : step.kind === 'resume'
                ? as({ status: 'InProgress', reason: '' })
                : as({ wave: step.wave })
      await w.rollouts.change(invokeId, change, now)
      const detail = { status: change.status, wave: change.wave + 1, reason: change.reason }
      w.audit({ ...scope, at: now, actor: 'server', action: `rollout/${step.kind}`, subject: invokeId, detail })
      return !change.isOver
    })
  }
}
