// The simulator's agents, seen from a bench. They hold their sockets and report as the vendor's agent does, and beat only
// when they come up: a beat a minute of each would be the load generator's signatures, not the server's work.
import type { Counters } from '../../src/simulator/counters.js'
import { Measured } from '../measure/process.js'

/** Which hosts of a seeded directory connect where. */
export interface FleetOrder {
  readonly port: number
  readonly caFile: string
  readonly agents: number
  /** Number of the first host. */
  readonly from: number
}

/** Counters whose sum has come so far. */
export interface Count {
  readonly of: readonly (keyof Counters)[]
  readonly atLeast: number
}

export class SimulatedFleet {
  readonly process: Measured<unknown>
  readonly agents: number
  readonly from: number

  private constructor(process: Measured<unknown>, { agents, from }: FleetOrder) {
    this.process = process
    this.agents = agents
    this.from = from
  }

  /** Resolves when all are connected and have asked for their tasks. */
  static async connect(order: FleetOrder): Promise<SimulatedFleet> {
    const process = new Measured<unknown>('load/simulator-process.js', { args: [JSON.stringify(order)] })
    await process.ready
    await process.ask('up')
    return new SimulatedFleet(process, order)
  }

  /** Numbers of its hosts. */
  get numbers(): readonly number[] {
    return Array.from({ length: this.agents }, (_, index) => this.from + index)
  }

  counters(): Promise<Counters> {
    return this.process.ask('counters')
  }

  /** What went wrong, and how often. */
  errors(): Promise<Readonly<Record<string, number>>> {
    return this.process.ask('errors')
  }

  /**
   * Signs so many requests of each agent, to be used within four minutes.
   * @param forLaterMs they are for a server that starts within this time; it refuses what was signed before it started
   */
  signAhead(requests: number, forLaterMs = 0): Promise<void> {
    return this.process.ask('signAhead', { requests, forLaterMs })
  }

  /** Ended tasks keep their final report to themselves. */
  hold(): Promise<void> {
    return this.process.ask('hold')
  }

  /** All that was held back is reported now. */
  release(): Promise<void> {
    return this.process.ask('release')
  }

  /** Rejects with the counters when it does not come so far in time. */
  until(counts: readonly Count[], mostMs: number): Promise<void> {
    return this.process.ask('until', { counts, mostMs })
  }

  end(): Promise<void> {
    return this.process.end()
  }
}
