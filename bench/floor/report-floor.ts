// The report floor (design §8): a bare HTTPS server that verifies the host's RSA signature, with a different cached key
// for each host, and adds one row to a group-committed SQLite table (`synchronous=FULL`). A GET is answered without the
// row. Arguments: directory, file with certificate and key, number of hosts.
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SqliteConnection } from '../../src/server/storage/sqlite/driver.js'
import { hostOf, keyPairs } from '../data/hosts.js'
import { obey, tellReady } from '../measure/controlled.js'

const [directory = '', certificateFile = '', hosts = '0'] = process.argv.slice(2)
const pairs = keyPairs()
const known = new Map(
  Array.from({ length: Number(hosts) }, (_, number) => {
    const { instanceId, machineId, pair } = hostOf(number)
    return [instanceId, { machineId, key: createPublicKey(pairs[pair]?.publicKey ?? '') }] as const
  }),
)

const database = new SqliteConnection(join(directory, 'floor.sqlite'), [
  'journal_mode = wal',
  'synchronous = full',
  'cache_size = -65536',
])
database.exec(
  'create table if not exists report (id integer primary key, instance_id text, url text, body blob, at integer)',
)

interface Report {
  readonly instanceId: string
  readonly url: string
  readonly body: Buffer
  readonly done: () => void
}
let waiting: Report[] = []

/** All that came in one turn of the event loop share one commit. */
const commit = (): void => {
  const group = waiting
  waiting = []
  database.runSync('begin immediate')
  for (const { instanceId, url, body } of group)
    database.runSync('insert into report (instance_id, url, body, at) values ($1, $2, $3, $4)', [
      instanceId,
      url,
      body,
      Date.now(),
    ])
  database.runSync('commit')
  for (const { done } of group) done()
}

const add = (report: Report): void => {
  if (waiting.length === 0) setImmediate(commit)
  waiting.push(report)
}

const material = readFileSync(certificateFile)
const server = createServer(
  { key: material, cert: material, noDelay: true, keepAliveTimeout: 120_000 },
  (request, response) => {
    const { headers, url = '' } = request
    const instanceId = String(headers['x-acs-instance-id'])
    const host = known.get(instanceId)
    const signed = `${instanceId}${host?.machineId}${String(headers['x-acs-timestamp'])}${String(headers['x-acs-request-id'])}`
    const answer = (status: number, body: string): void => {
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
      response.end(body)
    }
    const signature = Buffer.from(String(headers['x-acs-signature']), 'base64')
    if (host === undefined || !verify('md5', Buffer.from(signed), host.key, signature)) {
      answer(401, '{"code":401}')
      return
    }
    if (request.method === 'GET') {
      answer(200, '{"code":200,"nextInterval":60000}')
      return
    }
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () =>
      add({ instanceId, url, body: Buffer.concat(pieces), done: () => answer(200, '{"code":200}') }),
    )
  },
)
server.listen({ port: 0, host: '127.0.0.1', backlog: 8_192 }, () => {
  obey()
  tellReady({ tls: (server.address() as AddressInfo).port })
})
