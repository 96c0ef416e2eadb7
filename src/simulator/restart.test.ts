import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readConfig } from '../server/config.js'
import { type RunningServer, startServer } from '../server/main.js'
import { createClient } from './_support.js'
import { type Simulator, startSimulator } from './start-simulator.js'

const LIMIT_MS = 30_000
const AGENTS = 12
const KEY = { accessKeyId: 'restarted', accessKeySecret: 'restarted-secret' }

let folder = ''
let server: RunningServer | undefined
let simulator: Simulator | undefined

afterEach(async () => {
  await simulator?.stop()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

const start = (port: number): Promise<RunningServer> =>
  startServer(
    readConfig({
      cwd: folder,
      env: { OPENASSIST_ACCESS_KEY_ID: KEY.accessKeyId, OPENASSIST_ACCESS_KEY_SECRET: KEY.accessKeySecret },
      flags: {
        data: join(folder, 'data'),
        listen: '127.0.0.1:0',
        'listen-tls': `127.0.0.1:${port}`,
        'log-level': 'error',
      },
    }),
  )

describe('a fleet that loses its server', () => {
  it.each([
    { reconnect: 'vendor', signed: 'as it goes' },
    { reconnect: 'eager', signed: 'as it goes' },
    { reconnect: 'vendor', signed: 'ahead' },
  ] as const)(
    'comes back the $reconnect way, signing $signed, and reports what ended meanwhile',
    async ({ reconnect, signed }) => {
      folder = await mkdtemp(join(tmpdir(), 'openassist-test-'))
      server = await start(0)
      const { endpoint = '', tlsEndpoint = '', caPem = '' } = server
      const port = Number(new URL(tlsEndpoint).port)
      const client = createClient({ endpoint, ...KEY })
      simulator = await startSimulator({
        agents: AGENTS,
        server: `127.0.0.1:${port}`,
        ca: caPem,
        permits: client.permits,
        reconnect,
      })
      await simulator.ready
      simulator.hold()
      await client.run(simulator.instanceIds)
      await simulator.until(({ held }) => held === AGENTS, LIMIT_MS)
      // The server that comes back refuses what was signed before it did.
      if (signed === 'ahead') await simulator.signAhead(6, 60_000)
      await server.stop()
      server = undefined
      await simulator.until(({ connected }) => connected === 0, LIMIT_MS)
      server = await start(port)
      simulator.release()
      await simulator.until(({ returned, connected }) => returned === AGENTS && connected === AGENTS, LIMIT_MS)
      await simulator.until(({ finished }) => finished === AGENTS, LIMIT_MS)
      expect(simulator.counters).toMatchObject({ disconnects: AGENTS, silent: 0, lost: 0 })
      if (reconnect === 'vendor') expect(simulator.counters.redials).toBe(AGENTS)
    },
  )
})
