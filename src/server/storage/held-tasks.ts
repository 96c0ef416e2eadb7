import { type Row, type SqlReader, textOf } from './sql.js'

/** Tasks of one kind, as far as rollouts hold them: where they are, and what a row of them is. */
interface Held<T> {
  readonly table: 'task' | 'file_task'
  /** Column with the id of the invocation or the file send. */
  readonly id: 'invocation_id' | 'send_id'
  readonly columns: string
  readonly rowOf: (row: Row) => T
  /** Ends a SELECT whose rows are going to be changed. */
  readonly lock: string
}

/** What a rollout reads of the tasks that it holds; each by an index of its own (docs/adr/0016-rollouts.md). */
export const heldTasks = <T>(sql: SqlReader, { table, id, columns, rowOf, lock }: Held<T>) => ({
  async heldOf(instanceId: string, limit: number): Promise<readonly T[]> {
    const rows = await sql.all(
      `select ${columns} from ${table} t where t.instance_id = $1 and t.final = 0 and t.state in ('Waiting', 'Queued')
       order by t.${id} limit $2${lock}`,
      [instanceId, limit],
    )
    return rows.map(rowOf)
  },

  async heldIn(invokeId: string, limit: number): Promise<readonly T[]> {
    const rows: Row[] = []
    for (const state of ['Waiting', 'Queued']) {
      const text = `select ${columns} from ${table} t where t.${id} = $1 and t.state = '${state}'
        order by t.instance_id limit $2${lock}`
      rows.push(...(await sql.all(text, [invokeId, limit - rows.length])))
    }
    return rows.map(rowOf)
  },

  async waitingIn(invokeId: string, below: number, limit: number): Promise<readonly string[]> {
    const rows = await sql.all(
      `select instance_id from ${table} where ${id} = $1 and state = 'Waiting' and position < $2 order by position limit $3`,
      [invokeId, below, limit],
    )
    return rows.map((row) => textOf(row['instance_id']))
  },

  async queuedIn(invokeId: string, after: string, limit: number): Promise<readonly string[]> {
    const rows = await sql.all(
      `select instance_id from ${table} where ${id} = $1 and state = 'Queued' and instance_id > $2
       order by instance_id limit $3`,
      [invokeId, after, limit],
    )
    return rows.map((row) => textOf(row['instance_id']))
  },

  async queuedOn(instanceId: string, limit: number): Promise<readonly string[]> {
    const rows = await sql.all(
      `select ${id} as id from ${table} where instance_id = $1 and state = 'Queued' order by ${id} limit $2`,
      [instanceId, limit],
    )
    return rows.map((row) => textOf(row['id']))
  },
})
