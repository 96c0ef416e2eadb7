// Taking away what is too old. Small steps: each call touches at most some hundreds of rows, and whoever calls again goes on.
import type { Scope } from '../domain/access/scope.js'
import { OVER } from './invocation-store.js'
import { takeFromTotals } from './invocation-totals.js'
import { numberOf, type SqlReader, type SqlWriter, textOf } from './sql.js'
import { removeTags } from './tag-store.js'

/** How many rows of each kind were removed. */
export type Removed = Readonly<Record<string, number>>

/** An invocation or a file send as retention sees it. */
export interface Aged {
  readonly id: string
  readonly createdAt: number
  /** Over, told to callers, and not on its way out yet. */
  readonly mayGo: boolean
}

/** Lists that are kept for a while: newest first by id within a scope. */
export type KeptList = 'invocation' | 'file_send'

/** A send counts its instances as an invocation does; it is visible from its beginning to its end. */
const MAY_GO: Readonly<Record<KeptList, string>> = {
  invocation: `i.committed = 1 and ${OVER} and (i.oss_output_delivery = '' or not exists (
    select 1 from output_delivery d where d.invocation_id = i.id and d.due_at is not null))`,
  file_send: 'i.n_waiting + i.n_queued + i.n_pending + i.n_running = 0',
}

/** Invocations on their way out that one step looks at. */
const AT_A_TIME = 20

/** The scope behind this one that has anything in the list; undefined behind the last. */
export const nextScope = async (
  sql: SqlReader,
  list: KeptList,
  { accountId, regionId }: Scope,
): Promise<Scope | undefined> => {
  const row = await sql.get(
    `select account_id, region_id from ${list} where (account_id, region_id) > ($1, $2)
     order by account_id, region_id limit 1`,
    [accountId, regionId],
  )
  return row === undefined ? undefined : { accountId: textOf(row['account_id']), regionId: textOf(row['region_id']) }
}

/** The id that so many newer ones of the scope follow, behind `below`; undefined when there are fewer. */
export const idBehind = async (
  sql: SqlReader,
  list: KeptList,
  { accountId, regionId }: Scope,
  below: string | undefined,
  amount: number,
): Promise<string | undefined> => {
  const row = await sql.get(
    `select id from ${list} where account_id = $1 and region_id = $2${below === undefined ? '' : ' and id < $4'}
     order by id desc limit 1 offset $3`,
    [accountId, regionId, amount, ...(below === undefined ? [] : [below])],
  )
  return row === undefined ? undefined : textOf(row['id'])
}

/** The oldest of a scope, behind `after`. */
export const oldest = async (
  sql: SqlReader,
  list: KeptList,
  { accountId, regionId }: Scope,
  after: string,
  limit: number,
): Promise<readonly Aged[]> => {
  const rows = await sql.all(
    `select i.id, i.created_at, case when ${MAY_GO[list]} then 1 else 0 end as may_go from ${list} i
     where i.account_id = $1 and i.region_id = $2 and i.id > $3 order by i.id limit $4`,
    [accountId, regionId, after, limit],
  )
  return rows.map((row) => ({
    id: textOf(row['id']),
    createdAt: numberOf(row['created_at']),
    mayGo: row['may_go'] === 1,
  }))
}

/**
 * Hides invocations from every reader at once; their rows are removed afterwards, step by step, also after a restart. One
 * that is not over stays.
 */
export const hideInvocations = async (sql: SqlWriter, ids: readonly string[]): Promise<void> => {
  const list = JSON.stringify(ids)
  if (sql.dialect.lockInOrder !== undefined) {
    await sql.all(`select id from invocation where ${sql.dialect.within('id', '$1')}${sql.dialect.lockInOrder}`, [list])
  }
  const going = `${sql.dialect.within('i.id', '$1')} and ${MAY_GO.invocation}`
  await takeFromTotals(sql, going, [list])
  await sql.run(`update invocation as i set committed = 2 where ${going}`, [list])
}

/** Removes a part of what is hidden. Nodes do not wait for each other: each takes rows that no other one has in hand. */
export const removeHidden = async (sql: SqlWriter, mostRows: number): Promise<Removed> => {
  const removed = { invocation: 0, task: 0, output: 0, run: 0, delivery: 0, command: 0 }
  let left = mostRows
  const hidden = await sql.all(
    `select id, command_id from invocation where committed = 2 order by id limit ${AT_A_TIME}`,
  )
  for (const row of hidden) {
    if (left <= 0) break
    const id = textOf(row['id'])
    const runs = await removePart(sql, 'task_run', 'run_start', id, left)
    removed.run += runs
    left -= runs
    if (left <= 0) break
    const deliveries = await removePart(sql, 'output_delivery', 'run_start', id, left)
    removed.delivery += deliveries
    left -= deliveries
    if (left <= 0) break
    const outputs = await removePart(sql, 'task_output', 'seq', id, left)
    removed.output += outputs
    left -= outputs
    if (left <= 0) break
    const gone = await removeTasks(sql, id, left)
    for (const kind of ['task', 'output', 'run', 'delivery'] as const) removed[kind] += gone[kind]
    left -= gone.task
    if (left <= 0) break
    const ended = await sql.run(
      'delete from invocation where id = $1 and not exists (select 1 from task t where t.invocation_id = $1)',
      [id],
    )
    removed.invocation += ended
    left -= 1
    if (ended === 0) continue
    await sql.run('delete from invocation_command where invocation_id = $1', [id])
    await sql.run('delete from rollout where invocation_id = $1', [id])
    await sql.run('delete from handed_out_secret where invocation_id = $1', [id])
    await removeTags(sql, 'invocation', id)
    removed.command += await removeUnkeptCommand(sql, textOf(row['command_id']))
  }
  return removed
}

const removePart = (
  sql: SqlWriter,
  table: 'task_run' | 'task_output' | 'output_delivery',
  key: string,
  invokeId: string,
  limit: number,
): Promise<number> =>
  sql.run(
    `delete from ${table} where (invocation_id, instance_id, ${key}) in (
       select invocation_id, instance_id, ${key} from ${table} where invocation_id = $1 limit $2${sql.dialect.skipLocked})`,
    [invokeId, limit],
  )

/** Some tasks, with what there is of them. */
const removeTasks = async (
  sql: SqlWriter,
  invokeId: string,
  limit: number,
): Promise<{ readonly task: number; readonly output: number; readonly run: number; readonly delivery: number }> => {
  const rows = await sql.all(
    `select instance_id from task where invocation_id = $1 order by instance_id limit $2${sql.dialect.skipLocked}`,
    [invokeId, limit],
  )
  if (rows.length === 0) return { task: 0, output: 0, run: 0, delivery: 0 }
  const values = [invokeId, JSON.stringify(rows.map((row) => textOf(row['instance_id'])))]
  const remove = (table: string): Promise<number> =>
    sql.run(`delete from ${table} where invocation_id = $1 and ${sql.dialect.within('instance_id', '$2')}`, values)
  // A late report may have added something since the last step, and what another node had in hand it may have given back.
  const run = await remove('task_run')
  const output = await remove('task_output')
  await remove('held_output')
  const delivery = await remove('output_delivery')
  return { task: await remove('task'), output, run, delivery }
}

/** The command of a RunCommand goes with the last invocation that has it. */
const removeUnkeptCommand = async (sql: SqlWriter, commandId: string): Promise<number> => {
  const gone = await sql.run(
    `delete from command where id = $1 and kept = 0
       and not exists (select 1 from invocation i where i.command_id = $1)`,
    [commandId],
  )
  if (gone > 0) await removeTags(sql, 'command', commandId)
  return gone
}

/** Runs that ended before, of invocations that go on. */
export const removeOldRuns = async (sql: SqlWriter, before: number, limit: number): Promise<Removed> => {
  const rows = await sql.all(
    `select invocation_id, instance_id, run_start from task_run where updated_at < $1 limit $2${sql.dialect.skipLocked}`,
    [before, limit],
  )
  if (rows.length === 0) return { run: 0 }
  const keys = JSON.stringify(rows.map((row) => [row['invocation_id'], row['instance_id'], row['run_start']]))
  const columns = ['invocation_id text', 'instance_id text', 'run_start integer']
  const remove = (table: 'task_run' | 'output_delivery'): Promise<number> =>
    sql.run(
      `delete from ${table} where (invocation_id, instance_id, run_start) in (
         select invocation_id, instance_id, run_start from ${sql.dialect.batch('$1', columns)})`,
      [keys],
    )
  return { run: await remove('task_run'), delivery: await remove('output_delivery') }
}

/** Removes file sends that are over, with everything of them. */
export const removeFileSends = async (sql: SqlWriter, ids: readonly string[]): Promise<Removed> => {
  const list = JSON.stringify(ids)
  const over = await sql.all(
    `select i.id from file_send i where ${sql.dialect.within('i.id', '$1')} and ${MAY_GO.file_send} order by i.id${sql.dialect.skipLocked}`,
    [list],
  )
  const values = [JSON.stringify(over.map((row) => textOf(row['id'])))]
  const file = await sql.run(`delete from file_send where ${sql.dialect.within('id', '$1')}`, values)
  const fileTask = await sql.run(`delete from file_task where ${sql.dialect.within('send_id', '$1')}`, values)
  await sql.run(`delete from rollout where ${sql.dialect.within('invocation_id', '$1')}`, values)
  await sql.run(`delete from file_content where ${sql.dialect.within('send_id', '$1')}`, values)
  await sql.run(
    `delete from tag where resource_type = 'invocation' and ${sql.dialect.within('resource_id', '$1')}`,
    values,
  )
  return { file, file_task: fileTask }
}

/** Removes scripts that nobody has, among some behind `after`. @returns the last one looked at; undefined at the end */
export const removeScripts = async (
  sql: SqlWriter,
  after: string,
  usedBefore: number,
  limit: number,
): Promise<{ readonly last: string | undefined; readonly removed: Removed }> => {
  const rows = await sql.all('select hash from script where hash > $1 order by hash limit $2', [after, limit])
  const script = await sql.run(
    `delete from script where ${sql.dialect.within('hash', '$1')} and used_at < $2
       and not exists (select 1 from command c where c.script_hash = script.hash)
       and not exists (select 1 from invocation i where i.script_hash = script.hash)`,
    [JSON.stringify(rows.map((row) => textOf(row['hash']))), usedBefore],
  )
  const last = rows.at(-1)
  return { last: last === undefined || rows.length < limit ? undefined : textOf(last['hash']), removed: { script } }
}

/** Nonces and remembered answers that no longer count. */
export const removeStale = async (
  sql: SqlWriter,
  now: number,
  repeatsBefore: number,
  limit: number,
): Promise<Removed> => {
  const nonce = await sql.run(
    `delete from nonce where (access_key_id, nonce) in (
       select access_key_id, nonce from nonce where expires_at < $1 limit $2${sql.dialect.skipLocked})`,
    [now, limit],
  )
  const repeat = await sql.run(
    `delete from repeat where (account_id, region_id, action, client_token) in (
       select account_id, region_id, action, client_token from repeat where created_at < $1 limit $2${sql.dialect.skipLocked})`,
    [repeatsBefore, limit],
  )
  return { nonce, repeat }
}
