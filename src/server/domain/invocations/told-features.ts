import { isSameProcess } from '../fleet/agent-process.js'
import type { AgentFeature } from './agent-tasks.js'

/** Hosts that are remembered; beyond, the one that asked longest ago is forgotten. */
const MOST_HOSTS = 20_000

/**
 * What agents said that they can do, with their latest fetch. It is a hint, for an early answer: the fetch that takes a
 * task decides (ADR 0011).
 */
export class ToldFeatures {
  readonly #told = new Map<string, { readonly process: string; readonly features: ReadonlySet<AgentFeature> }>()

  /** @param process of the agent, as it was seen last */
  note(instanceId: string, process: string, features: ReadonlySet<AgentFeature>): void {
    this.#told.delete(instanceId)
    this.#told.set(instanceId, { process, features })
    if (this.#told.size <= MOST_HOSTS) return
    const [oldest] = this.#told.keys()
    if (oldest !== undefined) this.#told.delete(oldest)
  }

  /** Undefined where this process of an agent has not said anything yet. */
  of(instanceId: string, process: string): ReadonlySet<AgentFeature> | undefined {
    const told = this.#told.get(instanceId)
    return told !== undefined && isSameProcess(told.process, process) ? told.features : undefined
  }
}
