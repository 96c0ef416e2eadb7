import { type SqlReader, textOf } from './sql.js'

interface Failures {
  readonly table: 'task' | 'file_task'
  /** The column of the invocation or send. */
  readonly id: string
  readonly states: readonly string[]
  /** What counts as failed beside one of the states. */
  readonly and?: string
  /** What its rollout left out, or is about to. */
  readonly leftOut: string
}

/** Finds the hosts on which an invocation or a send failed, in id order, as a rerun asks for them. */
export const failedHosts =
  (sql: SqlReader, { table, id, states, and = '1 = 1', leftOut }: Failures) =>
  async (
    invokeId: string,
    withLeftOut: boolean,
    limit: number,
    among?: readonly string[],
  ): Promise<readonly string[]> => {
    const failed = `(${sql.dialect.within('state', '$2')} and ${and})`
    const named = among === undefined ? '' : ` and ${sql.dialect.within('instance_id', '$4')}`
    const rows = await sql.all(
      `select instance_id from ${table} where ${id} = $1 and (${withLeftOut ? `${failed} or ${leftOut}` : failed})${named}
       order by instance_id limit $3`,
      [invokeId, JSON.stringify(states), limit, ...(among === undefined ? [] : [JSON.stringify(among)])],
    )
    return rows.map((row) => textOf(row['instance_id']))
  }
