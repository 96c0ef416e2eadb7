import type { Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import type { Secret, SecretFilter } from './secrets.js'

export interface SecretReader {
  list(scope: Scope, filter: SecretFilter, page: PageRequest): Promise<Page<Secret>>
  find(scope: Scope, name: string): Promise<Secret | undefined>
  /** Bytes of the values of these secrets; one that is not there is missing. */
  sizes(scope: Scope, names: readonly string[]): Promise<ReadonlyMap<string, number>>
  count(scope: Scope): Promise<number>
}

/** A value, opened, for a script that is being handed out. */
export interface OpenSecret {
  readonly version: number
  readonly value: string
}

/** Values are sealed before they reach a table, and opened for two purposes only. */
export interface SecretStore extends SecretReader {
  /** Until the transaction ends, nobody else counts. */
  count(scope: Scope): Promise<number>
  /** As `find`, held until this transaction ends. */
  hold(scope: Scope, name: string): Promise<Secret | undefined>
  add(scope: Scope, secret: Secret, value: string): Promise<void>
  /** Writes everything of a secret that was held, with another value. */
  replace(scope: Scope, secret: Secret, value: string): Promise<void>
  /** @returns false when there is none */
  remove(scope: Scope, name: string): Promise<boolean>
  /**
   * The values of these secrets for a script of this invocation, which keeps them, sealed: what its hosts write is
   * searched for them later, when the secrets may have other values or be gone. One that is not there is missing.
   */
  handOut(scope: Scope, invokeId: string, names: readonly string[]): Promise<ReadonlyMap<string, OpenSecret>>
  /** Every value that was handed out with scripts of this invocation. */
  handedOut(invokeId: string): Promise<readonly string[]>
  /** The end of a task's output that may be the beginning of a secret; undefined: there is none. */
  heldOutput(invokeId: string, instanceId: string): Promise<string | undefined>
  /** @param held undefined: nothing is held any more */
  holdOutput(invokeId: string, instanceId: string, held: string | undefined): Promise<void>
}
