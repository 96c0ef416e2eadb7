// How many invocations and tasks a scope has that callers are told of: a list needs no look at all of them to count them.
import type { Scope } from '../domain/access/scope.js'
import { numberOf, type SqlReader, type SqlWriter } from './sql.js'

export interface InvocationTotals {
  readonly invocations: number
  readonly tasks: number
}

export const readTotals = async (sql: SqlReader, { accountId, regionId }: Scope): Promise<InvocationTotals> => {
  const row = await sql.get(
    'select invocations, tasks from invocation_total where account_id = $1 and region_id = $2',
    [accountId, regionId],
  )
  return { invocations: numberOf(row?.['invocations'] ?? 0), tasks: numberOf(row?.['tasks'] ?? 0) }
}

/** An invocation is told of from now on, with the tasks that it has. */
export const addToTotals = async (sql: SqlWriter, invokeId: string): Promise<void> => {
  await sql.run(
    `insert into invocation_total (account_id, region_id, invocations, tasks)
     select account_id, region_id, 1, (select count(*) from task t where t.invocation_id = i.id) from invocation i where i.id = $1
     on conflict (account_id, region_id) do update set invocations = invocation_total.invocations + 1,
       tasks = invocation_total.tasks + excluded.tasks`,
    [invokeId],
  )
}

/** An invocation got more tasks; one that is not told of yet is counted when it is. */
export const addTasksToTotals = async (sql: SqlWriter, invokeId: string, tasks: number): Promise<void> => {
  await sql.run(
    `update invocation_total set tasks = tasks + $2 where (account_id, region_id) in (
       select account_id, region_id from invocation where id = $1 and committed = 1)`,
    [invokeId, tasks],
  )
}

/** Invocations that are over are not told of any more. @param condition on `i`, of invocations that this transaction has */
export const takeFromTotals = async (sql: SqlWriter, condition: string, values: readonly string[]): Promise<void> => {
  const gone = await sql.all(
    `select i.account_id, i.region_id, count(*) as invocations,
       sum(i.n_success + i.n_failed + i.n_broken + i.n_stopped) as tasks
     from invocation i where ${condition} group by i.account_id, i.region_id order by i.account_id, i.region_id`,
    values,
  )
  for (const row of gone) {
    await sql.run(
      `update invocation_total set invocations = invocations - $3, tasks = tasks - $4
       where account_id = $1 and region_id = $2`,
      [row['account_id'] ?? '', row['region_id'] ?? '', numberOf(row['invocations']), numberOf(row['tasks'])],
    )
  }
}
