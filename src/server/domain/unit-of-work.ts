import type { AuditEntry } from './access/audit.js'
import type { RepeatReader, RepeatStore } from './access/repeat-store.js'
import type { CommandReader, CommandStore } from './commands/command-store.js'
import type { FileReader, FileStore } from './files/file-store.js'
import type { ActivationReader, ActivationStore } from './fleet/activation-store.js'
import type { InstanceReader, InstanceStore } from './fleet/instance-store.js'
import type { InvocationReader, InvocationStore } from './invocations/invocation-store.js'
import type { DeliveryReader, DeliveryStore } from './outputs/delivery-store.js'
import type { FinalState } from './invocations/task-states.js'
import type { RolloutReader, RolloutStore } from './rollouts/rollout-store.js'
import type { TaskReader, TaskStore } from './invocations/task-store.js'
import type { TagReader, TagStore } from './tagging/tag-store.js'
import type { SecretReader, SecretStore } from './secrets/secret-store.js'

/** Reads of committed facts. Sees no open transaction. */
export interface Reading {
  readonly instances: InstanceReader
  readonly activations: ActivationReader
  readonly commands: CommandReader
  readonly invocations: InvocationReader
  readonly tasks: TaskReader
  readonly files: FileReader
  readonly deliveries: DeliveryReader
  readonly tags: TagReader
  readonly rollouts: RolloutReader
  readonly secrets: SecretReader
  readonly repeats: RepeatReader
}

/** Reads and writes inside one transaction. */
export interface Writing {
  readonly instances: InstanceStore
  readonly activations: ActivationStore
  readonly commands: CommandStore
  readonly invocations: InvocationStore
  readonly tasks: TaskStore
  readonly files: FileStore
  readonly deliveries: DeliveryStore
  readonly tags: TagStore
  readonly rollouts: RolloutStore
  readonly secrets: SecretStore
  readonly repeats: RepeatStore
  /** Adds to the hash-chained audit log when the transaction commits (design D9). */
  audit(entry: AuditEntry): void
  /** A task of an invocation came to its end; it is told when the transaction has committed. */
  taskEnded(state: FinalState, invokeId: string): void
}

/**
 * The stores, with their transactions.
 *
 * `write` resolves when what it did is durable (design D5). Several pieces of work may share one commit; one that throws
 * takes back only itself. Work awaits nothing but the stores it was given.
 */
export interface UnitOfWork {
  readonly read: Reading
  write<T>(work: (stores: Writing) => Promise<T>): Promise<T>
}
