/** The time, in milliseconds since 1970. The domain never looks at the wall itself (design D14). */
export interface Clock {
  now(): number
  /** Milliseconds since some moment, that go on evenly when the time is set. Without it, the time is taken to be never set. */
  steady?(): number
}

/** Where identifiers and secrets come from. */
export interface Ids {
  /** A new id with this prefix (`i`, `mi`, `c`, `t`, `f`, `p`); ids made later sort later. */
  next(prefix: 'i' | 'mi' | 'c' | 't' | 'f' | 'p'): string
  uuid(): string
  /** An activation code: `a-` and at least 128 random bits (design §4). */
  activationCode(): string
}
