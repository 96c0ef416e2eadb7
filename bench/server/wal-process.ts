// Fills the write-ahead logs of a data directory that a server works on. A reader that never ends keeps the logs from
// being taken over into the files, as long readers do; then this process and the server are killed. Arguments: directory,
// hosts and tasks in it, bytes of each log.
import { statSync } from 'node:fs'
import { sqliteFiles } from '../../src/server/storage/sqlite/database.js'
import { SqliteConnection } from '../../src/server/storage/sqlite/driver.js'
import { someTask } from '../data/seed.js'
import { obey, tellReady } from '../measure/controlled.js'

const [directory = '', hosts = '0', tasks = '0', bytes = '0'] = process.argv.slice(2)
const ROWS_PER_COMMIT = 500

/** Changes rows here and there until the log is so long. @returns its length */
const fill = (file: string, change: (connection: SqliteConnection) => void): number => {
  const reader = new SqliteConnection(file, [])
  reader.exec('begin')
  reader.getSync('select count(*) as tables from sqlite_master')
  const writer = new SqliteConnection(file, ['synchronous = off', 'wal_autocheckpoint = 0'])
  const length = (): number => statSync(`${file}-wal`).size
  while (length() < Number(bytes)) {
    writer.exec('begin immediate')
    for (let row = 0; row < ROWS_PER_COMMIT; row++) change(writer)
    writer.exec('commit')
  }
  return length()
}

const files = sqliteFiles(directory)
obey({
  fill: () => ({
    facts: fill(files.facts, (connection) => {
      const { invokeId, instanceId } = someTask(Number(hosts), Number(tasks))
      const found = connection.runSync(
        'update task set updated_at = $1 where invocation_id = $2 and instance_id = $3',
        [Date.now(), invokeId, instanceId],
      )
      if (found !== 1) throw new Error(`there is no task ${invokeId} on ${instanceId}`)
    }),
    presence: fill(files.presence, (connection) => {
      const slot = Math.floor(Math.random() * Number(hosts))
      connection.runSync('update presence set last_seen_at = $1 where slot = $2', [Date.now(), slot])
    }),
  }),
})
tellReady({})
