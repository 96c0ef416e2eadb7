// A real server on loopback: SQLite in a temporary directory, a clock that the tests move, requests signed by hand.
import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { fdatasync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { productOf } from '../../src/server/contract/define-operation.js'
import { operations } from '../../src/server/operations/index.js'
import { type Assembly, type AssemblySettings, assemble } from '../../src/server/assemble.js'
import { DeliveryFailure, type OutputStores } from '../../src/server/domain/outputs/output-stores.js'
import { addAccessKey, ensureAccount } from '../../src/server/storage/access-store.js'
import { sqliteFiles } from '../../src/server/storage/sqlite/database.js'
import { SqliteConnection } from '../../src/server/storage/sqlite/driver.js'

export interface Key {
  readonly accessKeyId: string
  readonly secret: string
}

export const ACCOUNT = '1000000000000001'
export const KEY: Key = { accessKeyId: 'LTAI5tConformance00001', secret: 'conformance-secret' }
export const STRANGER = '1000000000000002'
export const STRANGER_KEY: Key = { accessKeyId: 'LTAI5tStranger00000001', secret: 'stranger-secret' }
export const REGION = 'cn-hangzhou'
export const ENDPOINT = 'openassist.example:8080'

export type Parameters = Readonly<Record<string, string>>
export type Format = 'JSON' | 'XML'

export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

export interface World extends AsyncDisposable {
  readonly parts: Assembly
  /** Host and port that it listens on. */
  readonly host: string
  /** The server's time. */
  now(): number
  setTime(milliseconds: number): void
  /** Signs and sends; `key` undefined: unsigned. */
  send(parameters: Parameters, format: Format, key?: Key | null): Promise<Answer>
  /** Requests that came in so far. */
  received(): number
  /** Takes the tables away under the running server, all but those that it lets callers in by. */
  breakStore(): void
  /** The disk fails to make something durable: from then on nothing is read or written. */
  loseDisk(): Promise<void>
}

const SETTINGS: Omit<AssemblySettings, 'dataDir'> = {
  database: undefined,
  regions: { served: [REGION], endpoint: ENDPOINT },
  timestampWindowMs: 15 * 60_000,
  instancesPerInvocation: 100,
  instancesPerRollout: 10_000,
  instancesPerFileSend: 50,
  instancesPerStatusQuery: 100,
  commandQuota: 500,
  activationQuota: 100,
  tasksPerHost: 10,
  invocationsPerDay: undefined,
  outputQuota: 24_576,
  retentionDays: 30,
  retentionRecords: 10_000,
  fileRetentionDays: 1,
  fileRetentionRecords: 1_000,
  api: {},
  gateway: {},
}

/** Two buckets: one takes everything, the other nothing. */
const outputStores: OutputStores = {
  find: ({ bucket, prefix }) => {
    if (bucket === 'testBucket') return { store: { put: () => Promise.resolve() }, name: prefix }
    const put = () => Promise.reject(new DeliveryFailure('AccessDenied', 'the store answered 403', false))
    return bucket === 'closedBucket' ? { store: { put }, name: prefix } : undefined
  },
}

const fdatasyncOf = promisify(fdatasync)

const percent = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

const timestamp = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')

/** Of the product that an action is of. */
export const versionOf = (action: string | undefined): string =>
  productOf(operations.find(({ name }) => name === action) ?? {}).version

/** The query of a request, signed with version 1.0 (rpc.md §1.3). */
const signedQuery = (parameters: Parameters, format: Format, key: Key | null, now: number): string => {
  const all: Record<string, string> = {
    Version: versionOf(parameters['Action']),
    Format: format,
    ...parameters,
    ...(key === null
      ? {}
      : {
          AccessKeyId: key.accessKeyId,
          SignatureMethod: 'HMAC-SHA1',
          SignatureVersion: '1.0',
          SignatureNonce: randomUUID(),
          Timestamp: timestamp(now),
        }),
  }
  const canonical = Object.keys(all)
    .sort((one, other) => (one < other ? -1 : 1))
    .map((name) => `${percent(name)}=${percent(all[name] ?? '')}`)
    .join('&')
  if (key === null) return canonical
  const toSign = `GET&%2F&${percent(canonical)}`
  const signature = createHmac('sha1', `${key.secret}&`).update(toSign).digest('base64')
  return `${canonical}&Signature=${percent(signature)}`
}

const addKey = async (parts: Assembly, accountId: string, key: Key, now: number): Promise<void> => {
  await ensureAccount(parts.database, accountId, now)
  await addAccessKey(parts.database, parts.sealer, { ...key, accountId, first: false }, now)
}

/** Names of tables that a caller is let in by, before an operation is asked. */
const DOOR_TABLES = /^(?:sqlite_|account|access_key|nonce|setting|schema)/

const takeTablesAway = (dataDir: string): void => {
  const connection = new SqliteConnection(sqliteFiles(dataDir).facts, [])
  try {
    const tables = connection.allSync("select name from sqlite_master where type = 'table'")
    for (const { name } of tables as readonly { name: string }[]) {
      if (!DOOR_TABLES.test(name)) connection.runSync(`alter table "${name}" rename to "${name}_gone"`, [])
    }
  } finally {
    connection.close()
  }
}

/** @param at the server's time to begin with */
export const openWorld = async (settings: Partial<AssemblySettings>, at: number): Promise<World> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'openassist-conformance-'))
  let now = at
  let isDiskLost = false
  const ignore = (): void => undefined
  const parts = await assemble({
    settings: { ...SETTINGS, ...settings, dataDir },
    rootKey: Buffer.alloc(32, 7),
    outputStores,
    syncFile: (file) => (isDiskLost ? Promise.reject(new Error('the disk is gone')) : fdatasyncOf(file)),
    clock: { now: () => now },
    tellCall: ignore,
    tellGateway: ignore,
    tellCommit: ignore,
    tellRemoved: () => undefined,
    tellFailure: ignore,
  })
  await addKey(parts, ACCOUNT, KEY, at)
  await addKey(parts, STRANGER, STRANGER_KEY, at)
  // Signed requests carry scripts in their URL (rpc.md §0).
  let received = 0
  const server = createServer({ maxHeaderSize: 262_144 }, (request, response) => {
    received += 1
    parts.api.handle(request, response, { address: '127.0.0.1', secure: false, loopback: true })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  const send: World['send'] = async (parameters, format, key = KEY) => {
    const query = signedQuery(parameters, format, key, now)
    // A connection of its own, so that none is kept alive behind a test.
    const response = await fetch(`http://127.0.0.1:${port}/?${query}`, { headers: { connection: 'close' } })
    return { status: response.status, text: await response.text(), headers: response.headers }
  }

  return {
    parts,
    host: `127.0.0.1:${port}`,
    now: () => now,
    received: () => received,
    setTime(milliseconds) {
      now = milliseconds
    },
    send,
    breakStore: () => takeTablesAway(dataDir),
    async loseDisk() {
      // The server remembers who called lately: a caller is let in without the disk.
      await send({ Action: 'DescribeRegions' }, 'JSON')
      isDiskLost = true
      const lost = parts.database.write((w) => w.run(`update account set created_at = created_at`, []))
      await lost.then(
        () => Promise.reject(new Error('the disk took it')),
        () => undefined,
      )
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await parts.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** An SPKI PEM that a host could register with. */
export const hostPublicKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
