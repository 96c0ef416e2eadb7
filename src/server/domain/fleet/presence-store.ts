/** What survives a restart of what is known about a host's presence. Times in milliseconds. */
export interface PresenceRow {
  /** Place in storage order; rows are written in this order. */
  readonly slot: number
  readonly instanceId: string
  readonly lastSeenAt: number
  readonly mark: number
  readonly offset: number | undefined
  /** Identity of the agent's process, '' when unknown. */
  readonly agentProcess: string
}

export interface PresenceStore {
  /** Rows in slot order after this slot, at most `limit`. */
  load(afterSlot: number, limit: number): Promise<readonly PresenceRow[]>
  find(instanceIds: readonly string[]): Promise<readonly PresenceRow[]>
  /** The largest slot, or -1. */
  lastSlot(): Promise<number>
  /** Writes rows in slot order. */
  save(rows: readonly PresenceRow[]): Promise<void>
  remove(instanceId: string): Promise<void>
  /** Says that this node is alive; @returns nothing. */
  alive(nodeId: string, now: number): Promise<void>
  /** When the last node was alive before now; undefined for a new database. */
  lastAlive(): Promise<number | undefined>
}
