import type { Repeatable, Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import type { Tag, TagFilter } from '../tags.js'

export interface Activation {
  readonly activationId: string
  readonly instanceName: string
  readonly description: string
  readonly instanceCount: number
  readonly timeToLiveHours: number
  readonly ipAddressRange: string
  readonly registeredCount: number
  readonly deregisteredCount: number
  readonly disabled: boolean
  readonly resourceGroupId: string
  readonly tags: readonly Tag[]
  readonly createdAt: number
}

export interface NewActivation {
  readonly instanceName: string
  readonly description: string
  readonly instanceCount: number
  readonly timeToLiveHours: number
  readonly ipAddressRange: string
  readonly resourceGroupId: string
  readonly tags: readonly Tag[]
}

export interface ActivationFilter {
  readonly activationId?: string | undefined
  readonly instanceName?: string | undefined
  readonly resourceGroupId?: string | undefined
  readonly tags?: readonly TagFilter[] | undefined
}

export interface Activations {
  /**
   * Makes a permit to register. The code is told this once and stored hashed.
   * Faults: `activation/quota-exceeded` (values: the limit), `idempotency/*`.
   */
  create(
    scope: Scope,
    activation: NewActivation,
    repeat: Repeatable | undefined,
  ): Promise<{ activationId: string; activationCode: string }>
  /** Newest first; expired ones stay listed (api.md §10). */
  list(scope: Scope, filter: ActivationFilter, page: PageRequest): Promise<Page<Activation>>
}
