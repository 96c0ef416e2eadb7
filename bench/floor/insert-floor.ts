// The insert floor: the rows of one invocation, put bare into the tables of a server, in as many commits as that makes of
// them, each synced. Arguments: directory, hosts.
import { join } from 'node:path'
import { migrateSqlite } from '../../src/server/storage/migrate.js'
import { SqliteConnection } from '../../src/server/storage/sqlite/driver.js'
import { instanceIdOf } from '../data/hosts.js'
import { obey, tellReady } from '../measure/controlled.js'
import { ACCOUNT, REGION } from '../server/start.js'

/** Rows in one commit, as a server takes them. */
const CHUNK = 500

const [directory = '', hosts = '0'] = process.argv.slice(2)
const database = new SqliteConnection(join(directory, 'insert-floor.sqlite'), [
  'journal_mode = wal',
  'synchronous = full',
  'cache_size = -65536',
])
migrateSqlite(database, Date.now())
const chunks = Array.from({ length: Math.ceil(Number(hosts) / CHUNK) }, (_, chunk) =>
  JSON.stringify(
    Array.from({ length: Math.min(CHUNK, Number(hosts) - chunk * CHUNK) }, (_unused, index) =>
      instanceIdOf(chunk * CHUNK + index),
    ),
  ),
)
let invocations = 0

obey({
  async insert() {
    const id = `t-hz0${String((invocations += 1)).padStart(20, '0')}`
    const now = Date.now()
    for (const [index, chunk] of chunks.entries()) {
      database.runSync('begin immediate')
      if (index === 0)
        database.runSync(
          `insert into invocation (account_id, region_id, id, command_id, command_name, command_description, command_type,
             script_hash, enable_parameter, parameters, username, working_dir, timeout_seconds, resource_group_id,
             keep_command, invoked_by, committed, n_pending, n_running, n_stopping, n_success, n_failed, n_broken,
             n_stopped, created_at)
           values ($1, $2, $3, 'c', '', '', 'RunShellScript', 'h', 0, '{}', '', '', 60, '', 0, 'k', 1, $4, 0, 0, 0, 0, 0, 0, $5)`,
          [ACCOUNT, REGION, id, Number(hosts), now],
        )
      database.runSync(
        `insert into task (invocation_id, instance_id, state, final, outcome_unknown, error_code, error_info, dropped,
           output_bytes, agent_process, created_at, updated_at, deadline_at)
         select $1, value, 'Pending', 0, 0, '', '', 0, 0, '', $2, $2, $2 + 60000 from json_each($3)`,
        [id, now, chunk],
      )
      database.runSync('commit')
      // Whoever else this process serves has a turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
  },
})
tellReady({})
