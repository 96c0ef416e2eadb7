// A whole server as `serve` starts it, in a process of its own that can be killed. It has an IPC channel, by which it is
// asked for what its sockets do not tell. Environment: OPENASSIST_* as always.
import { getHeapStatistics } from 'node:v8'
import { readConfig } from '../../src/server/config.js'
import { startServer } from '../../src/server/main.js'
import { inconsistencies } from './inconsistencies.js'
import { withSnapshot } from './snapshot.js'

export type Question = 'heap' | 'inconsistencies' | 'stop'

export interface Asked {
  readonly id: number
  readonly question: Question
}

export interface Ready {
  readonly plainPort: number
  readonly tlsPort: number
  readonly accessKey: { readonly accessKeyId: string; readonly accessKeySecret: string } | null
}

export type Told =
  | { readonly ready: Ready }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: string }

const tell = (told: Told): void => {
  process.send?.(told)
}

const config = readConfig({ cwd: process.cwd(), env: process.env, flags: {} })
const server = await startServer(config)

/** Bytes of JavaScript objects and buffers that are still held after collections. */
const heldBytes = async (): Promise<number> => {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('start with --expose-gc')
  // Finalisers free what the first one found.
  for (let round = 0; round < 3; round += 1) {
    await gc({ execution: 'async', type: 'major' })
    await new Promise((resolve) => setImmediate(resolve))
  }
  return getHeapStatistics().used_heap_size + process.memoryUsage().arrayBuffers
}

const answer = async (question: Question): Promise<unknown> => {
  switch (question) {
    case 'heap':
      return heldBytes()
    case 'inconsistencies':
      return withSnapshot({ dataDir: config.dataDir, database: config.database?.reveal() }, inconsistencies)
    case 'stop':
      await server.stop()
      return undefined
  }
}

process.on('message', (asked: Asked) => {
  answer(asked.question).then(
    (value) => {
      tell({ id: asked.id, value })
      if (asked.question === 'stop') process.disconnect()
    },
    (cause: unknown) => tell({ id: asked.id, failure: String(cause instanceof Error ? cause.stack : cause) }),
  )
})
// A parent that is gone has no use for a server.
process.once('disconnect', () => void server.stop())
process.once('SIGTERM', () => process.disconnect())

tell({
  ready: {
    plainPort: portOf(server.endpoint),
    tlsPort: portOf(server.tlsEndpoint),
    accessKey: server.firstAccessKey.made ?? null,
  },
})

function portOf(endpoint: string | undefined): number {
  return endpoint === undefined ? 0 : Number(new URL(endpoint).port)
}
