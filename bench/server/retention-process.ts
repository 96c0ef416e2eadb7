// A SQLite file with old invocations, and retention on it, in a process of its own. Arguments: directory, tasks.
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Retention } from '../../src/server/retention.js'
import { migrateSqlite } from '../../src/server/storage/migrate.js'
import { SqliteDatabase } from '../../src/server/storage/sqlite/database.js'
import { instanceIdOf } from '../data/hosts.js'
import { obey, tellReady } from '../measure/controlled.js'
import { ACCOUNT, REGION } from './start.js'

const [directory = '', tasks = '0'] = process.argv.slice(2)
const PER_INVOCATION = 10_000
const DAY_MS = 86_400_000
const now = Date.now()
const old = now - 31 * DAY_MS
const database = new SqliteDatabase(join(directory, 'facts.sqlite'), {
  beforeCommit: () => Promise.resolve(),
  prepare: (connection) => migrateSqlite(connection, now),
})

const ids = JSON.stringify(Array.from({ length: PER_INVOCATION }, (_, number) => [instanceIdOf(number)]))
const output = Buffer.from('x'.repeat(100))
for (let number = 0; number < Number(tasks) / PER_INVOCATION; number++) {
  const invokeId = `t-${String(number).padStart(6, '0')}`
  await database.write(async (w) => {
    await w.run(
      `insert into invocation (account_id, region_id, id, command_id, command_name, command_description, command_type,
         script_hash, enable_parameter, parameters, username, working_dir, timeout_seconds, resource_group_id, keep_command,
         invoked_by, committed, n_pending, n_running, n_stopping, n_success, n_failed, n_broken, n_stopped, created_at)
       values ($1, $2, $3, 'c-1', '', '', 'RunShellScript', 'h', 0, '{}', '', '', 60, '', 0, 'k', 1, 0, 0, 0, $4, 0, 0, 0, $5)`,
      [ACCOUNT, REGION, invokeId, PER_INVOCATION, old],
    )
    await w.run(
      `insert into task (invocation_id, instance_id, state, final, outcome_unknown, error_code, error_info, exit_code, dropped,
         output_bytes, agent_process, created_at, handed_out_at, reported_at, started_at, finished_at, updated_at, runs)
       select $1, instance_id, 'Success', 1, 0, '', '', 0, 0, 100, '4242/0', $2, $2, $2, $2, $2, $2, 1
       from ${w.dialect.batch('$3', ['instance_id text'])}`,
      [invokeId, old, ids],
    )
    await w.run(
      `insert into task_output (invocation_id, instance_id, seq, data)
       select invocation_id, instance_id, 1, $2 from task where invocation_id = $1`,
      [invokeId, output],
    )
  })
}

obey({
  async sweep() {
    let removed = 0
    const retention = new Retention({
      database,
      clock: { now: () => now },
      invocations: { milliseconds: 30 * DAY_MS, records: 10_000 },
      fileSends: { milliseconds: DAY_MS, records: 1_000 },
      tellRemoved: (amounts) => (removed += amounts['task'] ?? 0),
    })
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const begun = performance.now()
    const { user, system } = process.cpuUsage()
    await retention.sweep(new AbortController().signal)
    const milliseconds = performance.now() - begun
    const cpu = process.cpuUsage()
    // The last block is seen by the timer that comes after it.
    await new Promise((resolve) => setTimeout(resolve, 20))
    delay.disable()
    return {
      removed,
      longestBlock: delay.max / 1e6,
      usual: delay.percentile(99) / 1e6,
      milliseconds,
      busy: (cpu.user + cpu.system - user - system) / 1e3 / milliseconds,
    }
  },
})
tellReady({})
