// Fills a data directory by SQL: what a server would have after years.
import { SqliteConnection } from '../../src/server/storage/sqlite/driver.js'
import { sqliteFiles } from '../../src/server/storage/sqlite/database.js'
import { ACCOUNT, REGION, startBenchServer } from '../server/start.js'
import { hostOf, instanceIdOf, invocationsOf, keyPairs, osTypeOf, versionOf } from './hosts.js'

const ROWS_PER_TRANSACTION = 100_000
/** Of every host, in the past of every run. */
const REGISTERED_AT = Date.UTC(2026, 0, 1)

/** Makes the files with schema, account, key and certificates, as a first start does. */
const prepare = async (directory: string): Promise<void> => {
  const server = await startBenchServer(directory, {})
  await server.stop()
}

const progress = (what: string, done: number, all: number): void => {
  if (all >= 200_000) console.log(`  ${what}: ${done.toLocaleString('en')} of ${all.toLocaleString('en')}`)
}

/** Registered hosts that were heard lately, with counters, details and presence that agree with each other. */
export const seedHosts = async (directory: string, count: number): Promise<void> => {
  await prepare(directory)
  const facts = new SqliteConnection(sqliteFiles(directory).facts, ['synchronous = off', 'cache_size = -262144'])
  const presence = new SqliteConnection(sqliteFiles(directory).presence, ['synchronous = off'])
  const publicKeys = keyPairs().map(({ publicKey }) => publicKey)
  const now = Date.now()
  const perOs = new Map<string, number>()
  for (let from = 0; from < count; from += ROWS_PER_TRANSACTION) {
    facts.exec('begin')
    presence.exec('begin')
    const to = Math.min(count, from + ROWS_PER_TRANSACTION)
    for (let number = from; number < to; number++) {
      const host = hostOf(number)
      const osType = osTypeOf(number)
      perOs.set(osType, (perOs.get(osType) ?? 0) + 1)
      facts.runSync('insert into instance values ($1, $2, $3, $4, $5, $6, 0, $7)', [
        ACCOUNT,
        REGION,
        host.instanceId,
        osType,
        versionOf(number),
        invocationsOf(number),
        invocationsOf(number) === 0 ? null : REGISTERED_AT + number,
      ])
      facts.runSync(
        `insert into instance_detail (account_id, region_id, id, name, hostname, description, os_version, machine_id,
           public_key, activation_id, intranet_ip, internet_ip, resource_group_id, registered_at, first_beat_at, booted_at)
         values ($1, $2, $3, $4, $5, '', $6, $7, $8, $9, $10, '', '', $11, $11, $11)`,
        [
          ACCOUNT,
          REGION,
          host.instanceId,
          `host-${number}`,
          `host-${number}.internal`,
          'Linux_#1 SMP PREEMPT_DYNAMIC Debian 6.1_x86_64',
          host.machineId,
          publicKeys[host.pair] ?? '',
          'bench-activation',
          `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
          REGISTERED_AT + number,
        ],
      )
      presence.runSync('insert into presence values ($1, $2, $3, 0, 0, $4)', [number, host.instanceId, now, '4242/0'])
    }
    facts.exec('commit')
    presence.exec('commit')
    progress('instances', to, count)
  }
  for (const [osType, amount] of perOs)
    facts.runSync('insert into instance_count values ($1, $2, $3, $4)', [ACCOUNT, REGION, osType, amount])
  facts.exec('pragma wal_checkpoint(truncate)')
  presence.exec('pragma wal_checkpoint(truncate)')
  facts.close()
  presence.close()
}

/** Tasks of one seeded invocation, unless it is said otherwise. */
export const TASKS_PER_INVOCATION = 10_000
/** The oldest seeded invocation; below the days for which a server keeps them. */
const OLDEST_MS = 6 * 86_400_000

export const seededInvocation = (number: number): string => `t-hz0${number.toString().padStart(20, '0')}`

/** Each invocation is on a stretch of hosts of its own; the stretches come round. */
const stretchOf = (number: number, hosts: number, perInvocation: number): number =>
  (number * perInvocation) % (hosts - perInvocation + 1)

/** One of the tasks that `seedTasks` makes, by chance. */
export const someTask = (
  hosts: number,
  tasks: number,
  perInvocation = Math.min(TASKS_PER_INVOCATION, hosts),
): { readonly invokeId: string; readonly instanceId: string } => {
  const number = Math.floor(Math.random() * (tasks / perInvocation))
  const host = stretchOf(number, hosts, perInvocation) + Math.floor(Math.random() * perInvocation)
  return { invokeId: seededInvocation(number), instanceId: instanceIdOf(host) }
}

/** Finished tasks of old invocations, on the hosts of a directory that `seedHosts` filled with so many. */
export const seedTasks = (
  directory: string,
  hosts: number,
  tasks: number,
  perInvocation = Math.min(TASKS_PER_INVOCATION, hosts),
): void => {
  const facts = new SqliteConnection(sqliteFiles(directory).facts, ['synchronous = off', 'cache_size = -262144'])
  const indexes = facts.allSync(
    `select name, sql from sqlite_master where type = 'index' and tbl_name = 'task' and sql is not null`,
  )
  for (const { name } of indexes) facts.exec(`drop index ${String(name)}`)
  facts.runSync(`insert into script (hash, content, used_at) values ('seeded', $1, 0)`, [Buffer.from('uptime')])
  const invocations = Math.ceil(tasks / perInvocation)
  const begun = Date.now() - OLDEST_MS
  let written = 0
  for (let number = 0; number < invocations; number++) {
    const id = seededInvocation(number)
    const at = begun + Math.floor((number * OLDEST_MS) / invocations)
    if (written === 0) facts.exec('begin')
    facts.runSync(
      `insert into invocation (account_id, region_id, id, command_id, command_name, command_description, command_type,
         script_hash, enable_parameter, parameters, username, working_dir, timeout_seconds, resource_group_id,
         keep_command, invoked_by, committed, stopped_at, n_pending, n_running, n_stopping, n_success, n_failed,
         n_broken, n_stopped, created_at)
       values ($1, $2, $3, $4, 'seeded', '', 'RunShellScript', 'seeded', 0, '{}', '', '', 60, '', 1, 'bench', 1, null, 0, 0, 0,
         $5, 0, 0, 0, $6)`,
      [ACCOUNT, REGION, id, 'c-hz0seeded', perInvocation, at],
    )
    facts.runSync(
      `insert into task (invocation_id, instance_id, state, final, outcome_unknown, error_code, error_info, exit_code,
         dropped, output_bytes, agent_process, created_at, handed_out_at, reported_at, started_at, finished_at,
         stopped_at, updated_at, deadline_at)
       select $1, id, 'Success', 1, 0, '', '', 0, 0, 0, '4242/0', $2, $2, $2, $2, $2, null, $2, null
       from instance where account_id = $3 and region_id = $4 and id >= $5 order by id limit $6`,
      [id, at, ACCOUNT, REGION, instanceIdOf(stretchOf(number, hosts, perInvocation)), perInvocation],
    )
    written += perInvocation
    if (written < ROWS_PER_TRANSACTION && number + 1 < invocations) continue
    facts.exec('commit')
    written = 0
    progress('tasks', (number + 1) * perInvocation, tasks)
  }
  facts.runSync('insert into invocation_total values ($1, $2, $3, $4)', [
    ACCOUNT,
    REGION,
    invocations,
    invocations * perInvocation,
  ])
  for (const { name, sql } of indexes) {
    console.log(`  index ${String(name)}`)
    facts.exec(String(sql))
  }
  facts.exec('pragma wal_checkpoint(truncate)')
  facts.close()
}
