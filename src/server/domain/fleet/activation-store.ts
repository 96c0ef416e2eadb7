import type { Scope } from '../access/scope.js'
import type { PageRequest, Page } from '../paging.js'
import type { Activation, ActivationFilter, NewActivation } from './activations.js'

/** An activation as a registration meets it. */
export interface ActivationPermit {
  readonly scope: Scope
  readonly activationId: string
  readonly codeHash: string
  readonly instanceName: string
  readonly instanceCount: number
  readonly registeredCount: number
  readonly deregisteredCount: number
  readonly disabled: boolean
  readonly ipAddressRange: string
  readonly resourceGroupId: string
  readonly expiresAt: number
}

export interface ActivationReader {
  list(scope: Scope, filter: ActivationFilter, page: PageRequest): Promise<Page<Activation>>
  count(scope: Scope): Promise<number>
  findPermit(activationId: string): Promise<ActivationPermit | undefined>
}

export interface ActivationStore extends ActivationReader {
  /** Until the transaction ends, nobody else counts. */
  count(scope: Scope): Promise<number>
  add(
    scope: Scope,
    activation: NewActivation & { activationId: string; codeHash: string; createdAt: number; expiresAt: number },
  ): Promise<void>
  /**
   * Takes one registration if there is one left, atomically.
   * @returns its number, from 1, or undefined when the count is used up
   */
  takeOne(activationId: string): Promise<number | undefined>
  /** A registered instance is gone again. `counted`: as deregistered; else as if it had never registered. */
  giveBack(activationId: string, counted: boolean): Promise<void>
}
