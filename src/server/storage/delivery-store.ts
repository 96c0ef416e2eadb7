import type { DeliveryReader, DeliveryStore, DueDelivery } from '../domain/outputs/delivery-store.js'
import type { OutputDelivery, OutputDeliveryStatus } from '../domain/outputs/output-delivery.js'
import { bytesOf, numberOf, type Row, type SqlReader, type SqlValue, type SqlWriter, textOf } from './sql.js'

/** One delivery, by what names it. */
const KEY = 'invocation_id = $1 and instance_id = $2 and run_start = $3'
const KEY_COLUMNS = ['invocation_id text', 'instance_id text', 'run_start integer']

const keyOf = ({ invokeId, instanceId, runStart }: DueDelivery): readonly [string, string, number] => [
  invokeId,
  instanceId,
  runStart,
]

const dueDelivery = (row: Row): DueDelivery => ({
  invokeId: textOf(row['invocation_id']),
  instanceId: textOf(row['instance_id']),
  runStart: numberOf(row['run_start']),
  address: textOf(row['oss_output_delivery']),
  version: numberOf(row['version']),
  attempts: numberOf(row['attempts']),
  queuedAt: numberOf(row['queued_at']),
})

/** Pieces of an output read at a time: more would hold the event loop. */
const PIECES = 32

const runOnceOutput = async (sql: SqlReader, { invokeId, instanceId }: DueDelivery): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = []
  for (let after = 0; ; ) {
    const rows = await sql.all(
      `select seq, data from task_output where invocation_id = $1 and instance_id = $2 and seq > $3
       order by seq limit ${PIECES}`,
      [invokeId, instanceId, after],
    )
    pieces.push(...rows.map((row) => bytesOf(row['data'])))
    if (rows.length < PIECES) return Buffer.concat(pieces)
    after = numberOf(rows.at(-1)?.['seq'])
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export const deliveryReader = (sql: SqlReader): DeliveryReader => ({
  async due(now, limit) {
    const rows = await sql.all(
      `select d.*, i.oss_output_delivery from output_delivery d join invocation i on i.id = d.invocation_id
       where d.due_at <= $1 order by d.due_at limit $2`,
      [now, limit],
    )
    return rows.map(dueDelivery)
  },

  async output(delivery) {
    if (delivery.runStart === 0) return runOnceOutput(sql, delivery)
    const row = await sql.get(`select output from task_run where ${KEY}`, keyOf(delivery))
    return row === undefined ? undefined : bytesOf(row['output'])
  },
})

export const deliveryStore = (sql: SqlWriter): DeliveryStore => ({
  ...deliveryReader(sql),

  async add(invokeId, instanceId, runStart, now) {
    await sql.run(
      `insert into output_delivery (invocation_id, instance_id, run_start, status, uri, error_code, error_info, version,
         attempts, queued_at, due_at, updated_at)
       values ($1, $2, $3, 'InProgress', '', '', '', 1, 0, $4, $4, $4)
       on conflict (invocation_id, instance_id, run_start) do update set status = excluded.status, uri = '', error_code = '',
         error_info = '', version = output_delivery.version + 1, attempts = 0, queued_at = excluded.queued_at,
         due_at = excluded.due_at, updated_at = excluded.updated_at`,
      [invokeId, instanceId, runStart, now],
    )
  },

  async end(delivery, { status, uri, code, info }, now) {
    await sql.run(
      `update output_delivery set status = $5, uri = $6, error_code = $7, error_info = $8, due_at = null, updated_at = $9
       where ${KEY} and version = $4`,
      [...keyOf(delivery), delivery.version, status, uri, code, info, now],
    )
  },

  async retry(delivery, { code, info }, dueAt, now) {
    await sql.run(
      `update output_delivery set attempts = attempts + 1, error_code = $5, error_info = $6, due_at = $7, updated_at = $8
       where ${KEY} and version = $4`,
      [...keyOf(delivery), delivery.version, code, info, dueAt, now],
    )
  },

  async postpone(deliveries, dueAt) {
    await sql.run(
      `update output_delivery set due_at = $2 where due_at is not null and (invocation_id, instance_id, run_start) in (
         select invocation_id, instance_id, run_start from ${sql.dialect.batch('$1', KEY_COLUMNS)})`,
      [JSON.stringify(deliveries.map(keyOf)), dueAt],
    )
  },
})

/** Deliveries that one read names. */
const CHUNK = 500

/** How the deliveries of these runs stand, by `deliveryKey`. */
export const deliveriesOf = async (
  sql: SqlReader,
  rows: readonly Row[],
): Promise<ReadonlyMap<string, OutputDelivery>> => {
  const keys = rows.filter((row) => row['delivers_output'] === 1).map(rowKey)
  const found = new Map<string, OutputDelivery>()
  for (let from = 0; from < keys.length; from += CHUNK) {
    const deliveries = await sql.all(
      `select * from output_delivery where (invocation_id, instance_id, run_start) in (
         select invocation_id, instance_id, run_start from ${sql.dialect.batch('$1', KEY_COLUMNS)})`,
      [JSON.stringify(keys.slice(from, from + CHUNK))],
    )
    for (const delivery of deliveries) found.set(deliveryKey(delivery), outputDelivery(delivery))
  }
  return found
}

/** Names the delivery of a task, or of one of its runs: of its latest where it runs more than once. */
export const deliveryKey = (row: Row): string => rowKey(row).join(' ')

const rowKey = (row: Row): readonly SqlValue[] => [
  textOf(row['invocation_id']),
  textOf(row['instance_id']),
  row['run_start'] ?? 0,
]

const outputDelivery = (row: Row): OutputDelivery => ({
  status: textOf(row['status']) as OutputDeliveryStatus,
  uri: textOf(row['uri']),
  errorCode: textOf(row['error_code']),
  errorInfo: textOf(row['error_info']),
})
