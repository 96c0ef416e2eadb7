import { describe, expect, it } from 'vitest'
import { Retention } from '../retention.js'
import { addInvocation, DIALECTS, newInstance, openTestStore, SCOPE, type TestStore } from './_support.js'
import type { Removed } from './retention-store.js'
import { numberOf } from './sql.js'

const DAY_MS = 86_400_000
const NOW = 100 * DAY_MS
const OLD = NOW - 31 * DAY_MS
const PAGE = { style: 'token', cursor: undefined, size: 50 } as const
const never = new AbortController().signal

const retentionOf = (store: TestStore, removed: Removed[] = [], records = 10_000, now = NOW) =>
  new Retention({
    database: store.database,
    clock: { now: () => now },
    invocations: { milliseconds: 30 * DAY_MS, records },
    fileSends: { milliseconds: DAY_MS, records: 1_000 },
    tellRemoved: (amounts) => removed.push(amounts),
  })

const sum = (removed: readonly Removed[]): Record<string, number> => {
  const total: Record<string, number> = {}
  for (const amounts of removed) {
    for (const [kind, amount] of Object.entries(amounts)) if (amount > 0) total[kind] = (total[kind] ?? 0) + amount
  }
  return total
}

const instances = (amount: number) =>
  Array.from({ length: amount }, (_, index) => `mi-${String(index).padStart(5, '0')}`)

/** An invocation that succeeded on every instance, with an output each. */
const addOver = async (
  store: TestStore,
  invokeId: string,
  ids: readonly string[],
  createdAt: number,
): Promise<void> => {
  await addInvocation(store.stores, invokeId, ids, createdAt)
  await store.database.write(async (w) => {
    await w.run(`update task set state = 'Success', final = 1, deadline_at = null where invocation_id = $1`, [invokeId])
    await w.run('update invocation set n_pending = 0, n_success = $2 where id = $1', [invokeId, ids.length])
    await w.run(
      `insert into task_output (invocation_id, instance_id, seq, data)
       select invocation_id, instance_id, 1, $2 from task where invocation_id = $1`,
      [invokeId, Buffer.from('out')],
    )
  })
}

const amountIn = async ({ database }: TestStore, table: string): Promise<number> =>
  numberOf((await database.reader.get(`select count(*) as amount from ${table}`))?.['amount'] ?? 0)

const idsOf = async ({ stores }: TestStore): Promise<readonly string[]> =>
  (await stores.read.invocations.list(SCOPE, {}, PAGE)).items.map(({ invokeId }) => invokeId)

const addCommand = (store: TestStore, commandId: string, content: string, kept: boolean): Promise<void> =>
  store.stores.write((w) =>
    w.commands.add(SCOPE, {
      commandId,
      name: commandId,
      description: '',
      type: 'RunShellScript',
      content: Buffer.from(content),
      enableParameter: false,
      parameterNames: [],
      workingDir: '',
      timeoutSeconds: 60,
      launcher: '',
      resourceGroupId: '',
      kept,
      createdAt: OLD,
      tags: [{ key: 'a', value: 'b' }],
    }),
  )

describe.each(DIALECTS)('retention on %s', (dialect) => {
  it('removes what is old and over with all that belongs to it, and nothing that is unfinished or young', async () => {
    await using store = await openTestStore(dialect)
    await addCommand(store, 'c-1', 'echo', false)
    await addCommand(store, 'c-kept', 'kept', true)
    await store.stores.write((w) => w.instances.add(newInstance('mi-00000')))
    await store.database.write((w) => w.run('update instance set invocation_count = 7'))
    await addOver(store, 't-1', instances(3), OLD)
    await addInvocation(store.stores, 't-2', instances(2), OLD)
    await addOver(store, 't-3', instances(1), NOW - 29 * DAY_MS)
    await store.database.write((w) =>
      w.run(`update invocation set command_id = 'c-2', script_hash = 'other' where id in ('t-2', 't-3')`),
    )
    await store.database.write((w) =>
      w.run(
        `insert into tag (account_id, region_id, resource_type, resource_id, tag_key, tag_value)
         values ('a', 'r', 'invocation', 't-1', 'k', 'v')`,
      ),
    )
    const removed: Removed[] = []
    await retentionOf(store, removed).sweep(never)
    expect(sum(removed)).toEqual({ invocation: 1, task: 3, output: 3, command: 1, script: 1 })
    const left = await store.database.reader.all('select id from invocation order by id')
    expect(left.map((row) => row['id'])).toEqual(['t-2', 't-3'])
    expect([await amountIn(store, 'task'), await amountIn(store, 'task_output')]).toEqual([3, 1])
    expect(await amountIn(store, `tag where resource_id in ('t-1', 'c-1')`)).toBe(0)
    expect(await amountIn(store, `command where id = 'c-kept'`)).toBe(1)
    expect(await amountIn(store, 'script')).toBe(1)
    expect((await store.database.reader.get('select invocation_count from instance'))?.['invocation_count']).toBe(7)
  })

  it('keeps the newest records of a region, and of those beyond only what is unfinished', async () => {
    await using store = await openTestStore(dialect)
    const id = (index: number) => `t-${String(index).padStart(5, '0')}`
    await store.database.write(async (w) => {
      await w.run(`insert into script (hash, content, used_at) values ('h', $1, $2)`, [Buffer.from('x'), NOW])
    })
    await addOver(store, id(0), instances(1), NOW)
    // Copies, so that the bound lies behind more than one window of the walk.
    await store.database.write((w) =>
      w.run(
        `insert into invocation (account_id, region_id, id, command_id, command_name, command_description, command_type,
           script_hash, enable_parameter, parameters, username, working_dir, timeout_seconds, resource_group_id, keep_command,
           invoked_by, committed, n_pending, n_running, n_stopping, n_success, n_failed, n_broken, n_stopped, created_at)
         select i.account_id, i.region_id, b.id, i.command_id, i.command_name, i.command_description, i.command_type,
           i.script_hash, i.enable_parameter, i.parameters, i.username, i.working_dir, i.timeout_seconds, i.resource_group_id,
           i.keep_command, i.invoked_by, 1, 0, 0, 0, 1, 0, 0, 0, i.created_at
         from invocation i join ${w.dialect.batch('$1', ['id text'])} ${w.dialect.name === 'sqlite' ? 'b' : ''} on true`.replaceAll(
          'b.id',
          w.dialect.name === 'sqlite' ? 'b.id' : 'batch.id',
        ),
        [JSON.stringify(Array.from({ length: 2_309 }, (_, index) => [id(index + 1)]))],
      ),
    )
    await store.database.write((w) => w.run('update invocation set n_pending = 1 where id = $1', [id(2)]))
    const removed: Removed[] = []
    await retentionOf(store, removed, 2_300).sweep(never)
    expect(sum(removed)).toEqual({ invocation: 9, task: 1, output: 1 })
    const left = await store.database.reader.all('select id from invocation order by id limit 2')
    expect(left.map((row) => row['id'])).toEqual([id(2), id(10)])
    await retentionOf(store, removed, 2_300).sweep(never)
    expect(await amountIn(store, 'invocation')).toBe(2_301)
  })

  it('removes 10,000 tasks in steps, while a reader sees all of them or nothing', async () => {
    await using store = await openTestStore(dialect)
    await addOver(store, 't-1', instances(10_000), OLD)
    const removed: Removed[] = []
    let isOver = false
    const sweeping = retentionOf(store, removed)
      .sweep(never)
      .finally(() => (isOver = true))
    const seen = new Set<string>()
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve))
      const { items } = await store.stores.read.invocations.list(SCOPE, {}, PAGE)
      seen.add(`tasks ${items[0]?.tasks.length ?? 'none'}`)
      const results = await store.stores.read.tasks.results(SCOPE, { invokeId: 't-1' }, PAGE)
      seen.add(`results ${results.items.length} ${results.items.every(({ output }) => output?.length === 3)}`)
    }
    await sweeping
    const allowed = ['results 0 true', 'results 50 true', 'tasks 10000', 'tasks none']
    expect([...seen].filter((what) => !allowed.includes(what))).toEqual([])
    expect(seen).toContain('tasks none')
    expect(sum(removed)).toMatchObject({ invocation: 1, task: 10_000, output: 10_000 })
    const largest = Math.max(...removed.map((step) => Object.values(step).reduce((total, amount) => total + amount, 0)))
    expect(largest).toBeLessThanOrEqual(202)
    for (const table of ['task', 'task_output', 'invocation']) expect(await amountIn(store, table)).toBe(0)
  })

  it('goes on after it was stopped half way, and what was hidden stays hidden', async () => {
    await using store = await openTestStore(dialect)
    await addOver(store, 't-1', instances(1_000), OLD)
    const ending = new AbortController()
    const first: Removed[] = []
    const stopping = new Retention({
      database: store.database,
      clock: { now: () => NOW },
      invocations: { milliseconds: 30 * DAY_MS, records: 10 },
      fileSends: { milliseconds: DAY_MS, records: 1_000 },
      tellRemoved: (amounts) => {
        first.push(amounts)
        if ((sum(first)['task'] ?? 0) > 0) ending.abort()
      },
    })
    await stopping.sweep(ending.signal)
    expect(sum(first)['task']).toBe(200)
    expect(await idsOf(store)).toEqual([])
    // A report that comes late is taken, and leaves nothing behind.
    await store.stores.write((w) => w.tasks.appendOutput('t-1', 'mi-00999', Buffer.from('late')))
    await retentionOf(store).sweep(never)
    for (const table of ['task', 'task_output', 'invocation']) expect(await amountIn(store, table)).toBe(0)
  })

  it('is done by several nodes at once, each row by one of them', async () => {
    await using store = await openTestStore(dialect)
    for (let index = 0; index < 30; index += 1) {
      await addOver(store, `t-${String(index).padStart(2, '0')}`, instances(index % 3 === 0 ? 300 : 2), OLD)
    }
    const removed: Removed[] = []
    await Promise.all(Array.from({ length: 3 }, () => retentionOf(store, removed).sweep(never)))
    await retentionOf(store, removed).sweep(never)
    expect(sum(removed)).toMatchObject({ invocation: 30, task: 3_040, output: 3_040 })
    for (const table of ['task', 'task_output', 'invocation']) expect(await amountIn(store, table)).toBe(0)
  })

  it('removes file sends that are old and over, with what was sent', async () => {
    await using store = await openTestStore(dialect)
    const add = (id: string, open: number, createdAt: number): Promise<number> =>
      store.database.write(async (w) => {
        await w.run(
          `insert into file_send (account_id, region_id, id, name, description, target_dir, content_type, file_owner, file_group,
             file_mode, overwrite, timeout_seconds, resource_group_id, invoked_by, n_pending, n_running, n_success, n_failed,
             created_at)
           values ('a', 'r', $1, 'n', '', '/', 'PlainText', '', '', '', 0, 60, '', 'k', $2, 0, $3, 0, $4)`,
          [id, open, 1 - open, createdAt],
        )
        await w.run('insert into file_content (send_id, content) values ($1, $2)', [id, Buffer.from('x')])
        return w.run(
          `insert into file_task (send_id, instance_id, state, final, outcome_unknown, error_code, error_info, agent_process,
             hand_outs, created_at, updated_at) values ($1, 'mi-1', 'Success', $2, 0, '', '', '', 0, $3, $3)`,
          [id, 1 - open, createdAt],
        )
      })
    await add('f-1', 0, NOW - DAY_MS - 1)
    await add('f-2', 1, NOW - DAY_MS - 1)
    await add('f-3', 0, NOW - 1)
    const removed: Removed[] = []
    await retentionOf(store, removed).sweep(never)
    expect(sum(removed)).toEqual({ file: 1, file_task: 1 })
    for (const table of ['file_send', 'file_task', 'file_content']) expect(await amountIn(store, table)).toBe(2)
  })

  it('removes old runs of a schedule that goes on, nonces and remembered answers', async () => {
    await using store = await openTestStore(dialect)
    await addInvocation(store.stores, 't-1', instances(1), OLD)
    await store.database.write(async (w) => {
      for (const [start, updatedAt] of [
        [1, OLD],
        [2, NOW],
      ]) {
        await w.run(
          `insert into task_run (invocation_id, instance_id, run_start, state, outcome_unknown, error_code, error_info, dropped,
             output_bytes, output, created_at, updated_at)
           values ('t-1', 'mi-00000', $1, 'Success', 0, '', '', 0, 1, $3, 1, $2)`,
          [start ?? 0, updatedAt ?? 0, Buffer.from('x')],
        )
      }
      await w.run(`insert into nonce (access_key_id, nonce, expires_at) values ('k', '1', $1), ('k', '2', $2)`, [
        NOW - 1,
        NOW + 1,
      ])
    })
    const removed: Removed[] = []
    await retentionOf(store, removed).sweep(never)
    expect(sum(removed)).toEqual({ run: 1, nonce: 1 })
    expect(await idsOf(store)).toEqual(['t-1'])
  })

  it('removes what was kept of secrets with the invocation that was handed them', async () => {
    await using store = await openTestStore(dialect)
    for (const [invokeId, at] of [
      ['t-old', OLD],
      ['t-new', NOW],
    ] as const) {
      await addOver(store, invokeId, instances(2), at)
      await store.stores.write((w) => w.secrets.holdOutput(invokeId, 'mi-00000', 'held'))
      await store.database.write((w) =>
        w.run(
          'insert into handed_out_secret (invocation_id, secret_id, version, sealed_value) values ($1, $2, 1, $3)',
          [invokeId, 'p-1', Buffer.from('sealed')],
        ),
      )
    }
    await retentionOf(store).sweep(never)
    for (const table of ['held_output', 'handed_out_secret']) {
      const rows = await store.database.reader.all(`select invocation_id from ${table}`)
      expect(rows.map((row) => row['invocation_id'])).toEqual(['t-new'])
    }
  })
})
