import type { Scope } from '../domain/access/scope.js'
import type { FinalState } from '../domain/invocations/task-states.js'
import { type AnswerBounds, DEFAULT_ANSWER_BOUNDS } from '../domain/paging.js'
import type { UnitOfWork, Writing } from '../domain/unit-of-work.js'
import { activationReader, activationStore } from './activation-store.js'
import { commandReader, commandStore } from './command-store.js'
import { deliveryReader, deliveryStore } from './delivery-store.js'
import { fileReader, fileStore } from './file-store.js'
import { InstanceLists } from './instance-lists.js'
import { instanceReader, readStatusRows } from './instance-reader.js'
import { instanceStore } from './instance-store.js'
import { invocationReader, invocationStore } from './invocation-store.js'
import { repeatReader, repeatStore } from './repeat-store.js'
import { rolloutReader, rolloutStore } from './rollout-store.js'
import type { Sealer } from './sealer.js'
import { secretReader, secretStore } from './secret-store.js'
import type { SqlDatabase, SqlWriter } from './sql.js'
import { StatusTable } from './status-table.js'
import { tagReader } from './tagging-reader.js'
import { tagStore } from './tagging-store.js'
import { taskReader, taskStore } from './task-store.js'

export interface Stores extends UnitOfWork {
  /** Prepares in the background what makes pages of the agent status quick; they are right before it is done. */
  warmUp(scope: Scope): Promise<void>
}

/** What is told when a transaction has committed. */
export interface Told {
  /** A task of an invocation came to its end. */
  readonly taskEnded: (state: FinalState, invokeId: string) => void
  /** A file came to its end on a host. */
  readonly fileEnded: (invokeId: string) => void
}

/** All stores over one database. */
export const unitOfWork = (
  database: SqlDatabase,
  sealer: Sealer,
  tell: Told = { taskEnded: () => undefined, fileEnded: () => undefined },
  bounds: AnswerBounds = DEFAULT_ANSWER_BOUNDS,
): Stores => {
  const lists = new InstanceLists(database.reader)
  const readRows = readStatusRows(database)
  const table = readRows === undefined ? undefined : new StatusTable(readRows)
  // Stores are made once per writer, not once per piece of work: a SQLite group has one writer for hundreds of pieces.
  const made = new WeakMap<SqlWriter, Writing>()
  const writing = (sql: SqlWriter): Writing => {
    let stores = made.get(sql)
    if (stores === undefined) {
      stores = {
        instances: instanceStore(sql, lists, table),
        activations: activationStore(sql),
        commands: commandStore(sql),
        invocations: invocationStore(sql),
        tasks: taskStore(sql),
        files: fileStore(sql, tell.fileEnded),
        deliveries: deliveryStore(sql),
        tags: tagStore(sql),
        rollouts: rolloutStore(sql),
        secrets: secretStore(sql, sealer),
        repeats: repeatStore(sql, sealer),
        audit: (entry) => sql.audit(entry),
        taskEnded: (state, invokeId) => sql.afterCommit(() => tell.taskEnded(state, invokeId)),
      }
      made.set(sql, stores)
    }
    return stores
  }
  return {
    warmUp: (scope) => (table === undefined ? lists.of(scope, undefined).build() : table.load()),
    read: {
      instances: instanceReader(database.reader, lists, table),
      activations: activationReader(database.reader),
      commands: commandReader(database.reader),
      invocations: invocationReader(database.reader, bounds),
      tasks: taskReader(database.reader, '', bounds),
      files: fileReader(database.reader, '', bounds),
      deliveries: deliveryReader(database.reader),
      tags: tagReader(database.reader),
      rollouts: rolloutReader(database.reader),
      secrets: secretReader(database.reader),
      repeats: repeatReader(database.reader, sealer),
    },
    write: (work) => database.write((sql) => work(writing(sql))),
  }
}
