import type { Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'

/** A secret without its value: that leaves the store only into a script that is handed to an agent. */
export interface Secret {
  readonly secretId: string
  readonly name: string
  readonly description: string
  /** Counts from 1, one more with each new value. */
  readonly version: number
  readonly createdAt: number
  /** AccessKey that made it. */
  readonly createdBy: string
  readonly updatedAt: number
  readonly updatedBy: string
}

export interface SecretFilter {
  readonly name?: string | undefined
}

/** Secrets of an account in a region, by name. No verb answers a value. */
export interface Secrets {
  /** Faults: `secret/exists`, `secret/quota-exceeded`. */
  create(scope: Scope, name: string, value: string, description: string): Promise<Secret>
  /** A new value; the description stays where none is given. Fault: `secret/not-found`. */
  update(scope: Scope, name: string, value: string, description: string | undefined): Promise<Secret>
  /** Fault: `secret/not-found`. */
  get(scope: Scope, name: string): Promise<Secret>
  /** Scripts that refer to it end as invalid from now on. Fault: `secret/not-found`. */
  remove(scope: Scope, name: string): Promise<void>
  /** Newest first. */
  list(scope: Scope, filter: SecretFilter, page: PageRequest): Promise<Page<Secret>>
}
