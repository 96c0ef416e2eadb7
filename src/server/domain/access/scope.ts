/** Whose data, and where: an account and a region. No store can be asked without one. */
export interface Scope {
  readonly accountId: string
  readonly regionId: string
  /** AccessKey that asks, for the audit log. */
  readonly actor?: string | undefined
}

/** Who signed a request. */
export interface Caller {
  readonly accountId: string
  readonly accessKeyId: string
  /** RAM user, absent for the account itself. */
  readonly userId?: string | undefined
  /** Address of the peer, or the one a trusted proxy named. */
  readonly sourceAddress: string
}

/** A request that carries a ClientToken: the same one twice has one effect (api.md §2.5). */
export interface Repeatable {
  readonly action: string
  readonly clientToken: string
  /** Hex SHA-256 over the parameters that count. */
  readonly fingerprint: string
}
