/** Hosts remembered; beyond, the oldest is forgotten. */
const MOST_HOSTS = 20_000

/**
 * Hosts whose next fetch is to look for schedules too: a schedule was just handed out and its answer may be lost, or a new
 * process of the agent has been seen. After a start of the server that counts for every host.
 */
export class Reschedules {
  readonly #until = new Map<string, number>()
  readonly #everyUntil: number

  /** @param everyUntil milliseconds since 1970 until when every host is among them */
  constructor(everyUntil: number) {
    this.#everyUntil = everyUntil
  }

  add(instanceId: string, until: number): void {
    this.#until.delete(instanceId)
    const [oldest] = this.#until.size >= MOST_HOSTS ? this.#until.keys() : []
    if (oldest !== undefined) this.#until.delete(oldest)
    this.#until.set(instanceId, until)
  }

  has(instanceId: string, now: number): boolean {
    if (now <= this.#everyUntil) return true
    const until = this.#until.get(instanceId)
    if (until === undefined) return false
    if (now <= until) return true
    this.#until.delete(instanceId)
    return false
  }

  /** Named since, not only by the start of the server. */
  names(instanceId: string, now: number): boolean {
    return (this.#until.get(instanceId) ?? 0) >= now
  }
}
