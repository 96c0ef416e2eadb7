import type { Commands } from './commands/commands.js'
import type { Files } from './files/files.js'
import type { Activations } from './fleet/activations.js'
import type { Instances } from './fleet/instances.js'
import type { Rollouts } from './rollouts/rollouts.js'
import type { Invocations } from './invocations/invocations.js'
import type { Tagging } from './tagging/tagging.js'
import type { Secrets } from './secrets/secrets.js'

/** What operations can ask of the product. An operation picks what it touches. */
export interface Domain {
  readonly instances: Instances
  readonly activations: Activations
  readonly commands: Commands
  readonly invocations: Invocations
  readonly files: Files
  readonly tagging: Tagging
  readonly rollouts: Rollouts
  readonly secrets: Secrets
  readonly regions: Regions
  readonly limits: Limits
}

/** The labels this server serves (design D10). */
export interface Regions {
  readonly served: readonly string[]
  /** Host and port that clients reach this server by, for `RegionEndpoint`. */
  readonly endpoint: string
}

/** Bounds that are configuration, with the vendor's as default. */
export interface Limits {
  /** Instances in one RunCommand or InvokeCommand: 100. */
  readonly instancesPerInvocation: number
  /** The same where it has a rollout: 10,000. */
  readonly instancesPerRollout: number
  /** Instances in one SendFile: 50. */
  readonly instancesPerFileSend: number
  /** Instance ids in one status query: 100. */
  readonly instancesPerStatusQuery: number
}
