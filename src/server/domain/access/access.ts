import type { Caller, Repeatable, Scope } from './scope.js'

/** An AccessKey that may sign requests. */
export interface AccessKey {
  readonly accessKeyId: string
  readonly accountId: string
  readonly userId: string | undefined
  readonly active: boolean
  /** The secret, for an HMAC; never logged or told. */
  readonly secret: string
}

export interface AccessKeys {
  /** From memory after the first time; a change is seen within a second. */
  find(accessKeyId: string): Promise<AccessKey | undefined>
}

/** Signature nonces that were used (rpc.md §1.1; design §7: those of writes in the database). */
export interface Nonces {
  /**
   * Takes a nonce after its signature was found good.
   * @param durable true for operations that change something
   * @returns false when it was used before within the window
   */
  take(accessKeyId: string, nonce: string, durable: boolean): Promise<boolean>
}

/** Answers that were given to requests with a ClientToken (api.md §2.5). */
export interface Repeats {
  /**
   * Looks the token up before the operation runs. Faults: `idempotency/mismatch`, `idempotency/processing`.
   * @returns the first answer, or undefined; then `end` must be called when the operation is over, whatever its end
   */
  begin(scope: Scope, repeat: Repeatable): Promise<{ readonly answer: unknown } | undefined>
  end(scope: Scope, repeat: Repeatable): void
}

/** Whether a caller may do something (design D9). */
export interface Permissions {
  /** @param resources full ARNs `acs:ecs:<region>:<account>:<relative id>` */
  allowed(caller: Caller, action: string, resources: readonly string[]): Promise<boolean>
}

/** What the API door asks of the access room. */
export interface Access {
  readonly accessKeys: AccessKeys
  readonly nonces: Nonces
  readonly repeats: Repeats
  readonly permissions: Permissions
}
