// Hosts in great number, each with the memory of an agent's process: what a kill of it forgets, the machine under it keeps.
import type { Chance } from './random.js'
import { answered } from './ledger.js'
import type { HttpClient } from './http-client.js'
import type { SimulatedHost } from './simulated-host.js'

/** What a machine did with a task, whoever was killed meanwhile. */
export interface Deed {
  /** How often it was begun. */
  runs: number
  readonly exitCode: number
  /** The end was reported, and the server said that it has it. */
  acknowledged: boolean
  /** The end was sent at least once. */
  sent: boolean
}

interface InHand {
  readonly taskId: string
  readonly start: number
  step: 'taken' | 'running'
}

/** A machine with an agent that is killed and started again. */
export class Machine {
  readonly host: SimulatedHost
  readonly deeds = new Map<string, Deed>()
  readonly #chance: Chance
  #inHand: InHand[] = []
  #process = 0
  #greeted = -1

  constructor(host: SimulatedHost, chance: Chance) {
    this.host = host
    this.#chance = chance
  }

  /** kill -9 of its agent, and a start: what it had in hand is forgotten, what it did is done. */
  killAgent(): void {
    this.#inHand = []
    this.#process += 1
    this.host.restart()
  }

  get idle(): boolean {
    return this.#inHand.length === 0
  }

  /** One round of an agent: beats when its process is new, asks for tasks, works on what it has. False: no answer. */
  async live(http: HttpClient): Promise<boolean> {
    const process = this.#process
    if (this.#greeted !== process) {
      if (!(await answered(() => this.host.beat(http)))) return false
      this.#greeted = process
    }
    let found: readonly string[] = []
    if (!(await answered(async () => (found = (await this.host.fetch(http)).run)))) return false
    if (this.#process !== process) return true
    for (const taskId of found) this.#begin(taskId)
    for (const task of this.#inHand) {
      const taken = await this.#work(http, task)
      // It was killed while it waited for an answer: whatever was answered, nobody knows it any more.
      if (this.#process !== process) return true
      if (!taken) return false
    }
    return true
  }

  #begin(taskId: string): void {
    // An agent knows what it has in hand, and what it ran (agent-protocol.md §6.3).
    if (this.#inHand.some((task) => task.taskId === taskId)) return
    const deed = this.deeds.get(taskId)
    if (deed === undefined) {
      const exitCode = this.#chance.pick([0, 0, 0, 1])
      this.deeds.set(taskId, { runs: 1, exitCode, acknowledged: false, sent: false })
    } else deed.runs += 1
    this.#inHand.push({ taskId, start: Date.now(), step: 'taken' })
  }

  async #work(http: HttpClient, task: InHand): Promise<boolean> {
    const deed = this.deeds.get(task.taskId)
    if (deed === undefined) return true
    if (task.step === 'taken') {
      if (!(await answered(() => this.host.running(http, task.taskId, task.start, Buffer.from('begun\n')))))
        return false
      task.step = 'running'
      return true
    }
    deed.sent = true
    const output = Buffer.from('done\n')
    if (!(await answered(() => this.host.finish(http, task.taskId, task.start, deed.exitCode, output)))) return false
    deed.acknowledged = true
    this.#inHand = this.#inHand.filter((one) => one !== task)
    return true
  }
}
