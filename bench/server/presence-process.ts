// Presence of many hosts with its file, in a process of its own. Arguments: directory, rows.
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { PresenceTable } from '../../src/server/domain/fleet/presence.js'
import { preparePresence } from '../../src/server/storage/migrate.js'
import { sqlitePresenceStore } from '../../src/server/storage/presence-store.js'
import { SqliteConnection } from '../../src/server/storage/sqlite/driver.js'
import { instanceIdOf } from '../data/hosts.js'
import { obey, tellReady } from '../measure/controlled.js'

const [directory = '', rows = '0'] = process.argv.slice(2)
const connection = new SqliteConnection(join(directory, 'presence.sqlite'), [
  'journal_mode = wal',
  'synchronous = normal',
])
preparePresence(connection)
const presence = new PresenceTable({
  clock: { now: () => Date.now() },
  store: sqlitePresenceStore(connection),
  lastAlive: undefined,
})
await presence.open()
const ids = Array.from({ length: Number(rows) }, (_, number) => instanceIdOf(number))
for (const id of ids) void presence.seeProcess(id, '4242/0')

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

obey({
  async flush() {
    for (const id of ids) presence.heard(id)
    await turn()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const begun = performance.now()
    await presence.flush()
    const milliseconds = performance.now() - begun
    // The last block is seen by the timer that comes after it.
    await new Promise((resolve) => setTimeout(resolve, 20))
    delay.disable()
    return { longestBlock: delay.max / 1e6, milliseconds }
  },
})
tellReady({})
