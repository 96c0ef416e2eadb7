/**
 * Says which hosts have work, to whoever holds their sockets. Only makes work prompt; nothing depends on a wakeup
 * arriving (design D4).
 */
export interface Wakeups {
  /** Call after the commit. */
  send(instanceIds: readonly string[]): void
  /** @returns a function that ends the subscription */
  subscribe(listener: (instanceIds: readonly string[]) => void): () => void
}
