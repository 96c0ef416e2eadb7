import type { FinalState } from '../domain/invocations/task-states.js'
import type { UnitOfWork, Writing } from '../domain/unit-of-work.js'
import { activationReader, activationStore } from './activation-store.js'
import { commandReader, commandStore } from './command-store.js'
import { InstanceLists, instanceReader, instanceStore } from './instance-store.js'
import { invocationReader, invocationStore } from './invocation-store.js'
import { repeatReader, repeatStore } from './repeat-store.js'
import type { Sealer } from './sealer.js'
import type { SqlDatabase, SqlWriter } from './sql.js'
import { taskReader, taskStore } from './task-store.js'

/** All stores over one database. */
export const unitOfWork = (
  database: SqlDatabase,
  sealer: Sealer,
  tellTaskEnded: (state: FinalState) => void = () => undefined,
): UnitOfWork & { readonly lists: InstanceLists } => {
  const lists = new InstanceLists(database.reader)
  // Stores are made once per writer, not once per piece of work: a SQLite group has one writer for hundreds of pieces.
  const made = new WeakMap<SqlWriter, Writing>()
  const writing = (sql: SqlWriter): Writing => {
    let stores = made.get(sql)
    if (stores === undefined) {
      stores = {
        instances: instanceStore(sql, lists),
        activations: activationStore(sql),
        commands: commandStore(sql),
        invocations: invocationStore(sql),
        tasks: taskStore(sql),
        repeats: repeatStore(sql, sealer),
        audit: (entry) => sql.audit(entry),
        taskEnded: (state) => sql.afterCommit(() => tellTaskEnded(state)),
      }
      made.set(sql, stores)
    }
    return stores
  }
  return {
    lists,
    read: {
      instances: instanceReader(database.reader, lists),
      activations: activationReader(database.reader),
      commands: commandReader(database.reader),
      invocations: invocationReader(database.reader),
      tasks: taskReader(database.reader),
      repeats: repeatReader(database.reader, sealer),
    },
    write: (work) => database.write((sql) => work(writing(sql))),
  }
}
