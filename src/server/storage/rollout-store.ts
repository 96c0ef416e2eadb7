import type { Standing } from '../domain/rollouts/next-step.js'
import type { RolloutReader, RolloutStore } from '../domain/rollouts/rollout-store.js'
import { ROLLOUT_KINDS, type Rollout, type RolloutKind, type RolloutStatus } from '../domain/rollouts/rollouts.js'
import { readPage } from './page.js'
import { maybeNumber, numberOf, type Row, type SqlReader, type SqlValue, type SqlWriter, textOf } from './sql.js'

/** The rows of each kind that count its hosts, and those of the hosts. */
const TABLES = {
  invocation: {
    // What repeats stands on its host once it was taken: no run of it is a turn. What waits for a start of its host does from
    // its turn on, and is Pending only while such a start has it.
    counts: `i.n_waiting as waiting, i.n_queued as queued,
      case when i.repeat_mode in ('Once', 'DryRun') then i.n_pending + i.n_running + i.n_stopping
        when i.repeat_mode = 'Period' then i.n_pending else 0 end as active,
      i.n_scheduled + case when i.repeat_mode in ('Once', 'DryRun') then 0
        when i.repeat_mode = 'Period' then i.n_running + i.n_stopping else i.n_pending + i.n_running + i.n_stopping end as scheduled,
      i.n_success as succeeded, i.n_failed + i.n_broken as failed, i.n_stopped as stopped`,
    from: 'rollout r join invocation i on i.id = r.invocation_id and i.committed = 1',
    waits: `select 1 from task t where t.invocation_id = r.invocation_id and t.state = 'Waiting' and t.position < r.wave_end`,
  },
  file: {
    counts: `i.n_waiting as waiting, i.n_queued as queued, i.n_pending + i.n_running as active, 0 as scheduled, i.n_success as succeeded,
      i.n_failed as failed, 0 as stopped`,
    from: 'rollout r join file_send i on i.id = r.invocation_id',
    waits: `select 1 from file_task t where t.send_id = r.invocation_id and t.state = 'Waiting' and t.position < r.wave_end`,
  },
} as const

const rolloutOf = (row: Row): Rollout => ({
  scope: { accountId: textOf(row['account_id']), regionId: textOf(row['region_id']) },
  invokeId: textOf(row['invocation_id']),
  kind: textOf(row['kind']) as RolloutKind,
  status: textOf(row['status']) as RolloutStatus,
  reason: textOf(row['reason']),
  total: numberOf(row['total']),
  maxConcurrency: maybeNumber(row['max_concurrency']),
  stopAfterFailures: maybeNumber(row['stop_after_failures']),
  waveEnds: JSON.parse(textOf(row['wave_ends'])) as number[],
  wave: numberOf(row['wave']),
  pauseBetweenWaves: maybeNumber(row['pause_between_waves']),
  queueUntil: maybeNumber(row['queue_until']),
  resumeAt: maybeNumber(row['resume_at']),
  createdAt: numberOf(row['created_at']),
  updatedAt: numberOf(row['updated_at']),
  counts: {
    waiting: numberOf(row['waiting']),
    queued: numberOf(row['queued']),
    active: numberOf(row['active']),
    scheduled: numberOf(row['scheduled']),
    succeeded: numberOf(row['succeeded']),
    failed: numberOf(row['failed']),
    stopped: numberOf(row['stopped']),
  },
})

/** Where next-step.ts may find more to do than to rest; a store test holds them against each other. $3 is the time. */
const DUE = `r.waiting + r.queued + r.active = 0
  or (r.status in ('Halted', 'Cancelled') and r.waiting + r.queued > 0)
  or (r.status in ('InProgress', 'Paused') and r.failed >= r.stop_after_failures and r.waiting + r.queued > 0)
  or (r.status = 'Paused' and r.resume_at <= $3)
  or (r.status = 'InProgress' and r.waiting > 0 and (r.active = 0 or r.max_concurrency is null or r.active < r.max_concurrency))`

export const rolloutReader = (sql: SqlReader): RolloutReader => ({
  async list(scope, filter, page) {
    const values: SqlValue[] = [scope.accountId, scope.regionId]
    const where = ['r.account_id = $1', 'r.region_id = $2']
    if (filter.invokeIds !== undefined) {
      values.push(JSON.stringify(filter.invokeIds))
      where.push(sql.dialect.within('r.invocation_id', `$${values.length}`))
    }
    if (filter.status !== undefined) {
      values.push(filter.status)
      where.push(`r.status = $${values.length}`)
    }
    const keys = ['r.created_at', 'r.invocation_id']
    const found = await readPage(sql, { select: 'r.*', from: 'rollout r', where, values, keys }, page)
    const counted = new Map<string, Row>()
    for (const kind of ROLLOUT_KINDS) {
      const ids = found.rows.filter((row) => row['kind'] === kind).map((row) => textOf(row['invocation_id']))
      const { counts, from } = TABLES[kind]
      const text = `select r.*, ${counts} from ${from} where ${sql.dialect.within('r.invocation_id', '$1')}`
      const rows = ids.length === 0 ? [] : await sql.all(text, [JSON.stringify(ids)])
      for (const row of rows) counted.set(textOf(row['invocation_id']), row)
    }
    return {
      // One whose invocation is on its way out is not told any more.
      items: found.rows.flatMap((row) => {
        const whole = counted.get(textOf(row['invocation_id']))
        return whole === undefined ? [] : [rolloutOf(whole)]
      }),
      totalCount: found.totalCount,
      nextCursor: found.nextCursor,
    }
  },

  async standing(invokeId, kind): Promise<Standing | undefined> {
    const { counts, from, waits } = TABLES[kind]
    const row = await sql.get(
      `select r.*, ${counts}, case when exists (${waits}) then 1 else 0 end as waits from ${from}
       where r.invocation_id = $1 and r.is_over = 0`,
      [invokeId],
    )
    return row === undefined ? undefined : { ...rolloutOf(row), waitsInWave: row['waits'] === 1 }
  },

  async open(after, limit, now) {
    const rows: Row[] = []
    for (const kind of ROLLOUT_KINDS) {
      const { counts, from } = TABLES[kind]
      const own = `select r.*, ${counts} from ${from} where r.is_over = 0 and r.kind = '${kind}' and r.invocation_id > $1
        order by r.invocation_id limit $2`
      const text = `select r.invocation_id, r.kind, r.status, r.queued, case when ${DUE} then 1 else 0 end as is_due from (${own}) r`
      rows.push(...(await sql.all(text, [after, limit, now])))
    }
    const open = rows.map((row) => ({
      invokeId: textOf(row['invocation_id']),
      kind: textOf(row['kind']) as RolloutKind,
      status: textOf(row['status']) as RolloutStatus,
      queued: numberOf(row['queued']),
      isDue: row['is_due'] === 1,
    }))
    return open.sort((one, other) => (one.invokeId < other.invokeId ? -1 : 1)).slice(0, limit)
  },

  async queueUntil(invokeId) {
    const row = await sql.get('select queue_until from rollout where invocation_id = $1', [invokeId])
    return row === undefined ? undefined : maybeNumber(row['queue_until'])
  },

  async kindOf(scope, invokeId) {
    const text = 'select kind from rollout where account_id = $1 and region_id = $2 and invocation_id = $3'
    const row = await sql.get(text, [scope.accountId, scope.regionId, invokeId])
    return row === undefined ? undefined : (textOf(row['kind']) as RolloutKind)
  },
})

export const rolloutStore = (sql: SqlWriter): RolloutStore => ({
  ...rolloutReader(sql),

  async add(scope, rollout) {
    await sql.run(
      `insert into rollout (account_id, region_id, invocation_id, kind, status, reason, is_over, total, max_concurrency,
         stop_after_failures, wave_ends, wave, wave_end, pause_between_waves, queue_until, resume_at, created_at, updated_at)
       values ($1, $2, $3, $4, 'InProgress', '', 0, $5, $6, $7, $8, 0, $9, $10, $11, null, $12, $12)`,
      [
        scope.accountId,
        scope.regionId,
        rollout.invokeId,
        rollout.kind,
        rollout.total,
        rollout.maxConcurrency ?? null,
        rollout.stopAfterFailures ?? null,
        JSON.stringify(rollout.waveEnds),
        rollout.waveEnds[0] ?? rollout.total,
        rollout.pauseBetweenWaves ?? null,
        rollout.queueUntil ?? null,
        rollout.createdAt,
      ],
    )
  },

  async hold(invokeId) {
    const lock = sql.dialect.lockRow
    if (lock !== '') await sql.get(`select 1 as held from rollout where invocation_id = $1${lock}`, [invokeId])
  },

  async change(invokeId, { status, reason, wave, resumeAt, isOver }, now) {
    const row = await sql.get('select wave_ends, total from rollout where invocation_id = $1', [invokeId])
    if (row === undefined) return
    const ends = JSON.parse(textOf(row['wave_ends'])) as number[]
    await sql.run(
      `update rollout set status = $2, reason = $3, wave = $4, wave_end = $5, resume_at = $6, is_over = $7, updated_at = $8
       where invocation_id = $1`,
      [invokeId, status, reason, wave, ends[wave] ?? numberOf(row['total']), resumeAt ?? null, isOver ? 1 : 0, now],
    )
  },
})
