// A door with three toy operations on a loopback socket, and two ways to sign that share no code with the door.
import { createHash, createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  flag,
  flagText,
  integer,
  jsonMap,
  list,
  omitted,
  optional,
  record,
  repeated,
  text,
  time,
} from '../../schema/shape.js'
import { defineOperation, error, type Operation } from '../contract/define-operation.js'
import { pageFields, pageOf, pageRequest, pageResponse } from '../contract/paging.js'
import type { Access, AccessKey } from '../domain/access/access.js'
import type { Repeatable, Scope } from '../domain/access/scope.js'
import type { Domain } from '../domain/domain.js'
import { Fault, type FaultKind } from '../domain/faults.js'
import type { CallEvent } from './call-event.js'
import { type ApiDoor, type ApiDoorParts, createApiDoor } from './pipeline.js'

export const KEY: AccessKey = {
  accessKeyId: 'LTAI5tExampleKeyId0001',
  accountId: '1000000000000001',
  userId: undefined,
  active: true,
  secret: 'ExampleSecret0001abcdefghijklm',
}

export const USER_KEY: AccessKey = {
  ...KEY,
  accessKeyId: 'LTAI5tUserKeyId',
  userId: '200000000000000002',
  secret: 'user-secret',
}
export const DISABLED_KEY: AccessKey = {
  ...KEY,
  accessKeyId: 'LTAI5tDisabledKeyId',
  active: false,
  secret: 'disabled-secret',
}

/** A regionless read, under the name of the first call that every client makes. */
const DescribeRegions = defineOperation({
  name: 'DescribeRegions',
  summary: 'Lists regions.',
  access: 'read',
  permission: { resources: () => ['*'] },
  regionless: true,
  request: { AcceptLanguage: optional(text('Language.')) },
  response: {
    Regions: list('Regions.', 'Region', record({ RegionId: text('Label.'), LocalName: text('Name.') })),
  },
  errors: [],
  handle: () =>
    Promise.resolve({
      Regions: [
        { RegionId: 'cn-hangzhou', LocalName: '华东1（杭州）' },
        { RegionId: 'eu-central-1', LocalName: 'a<b>&"c"\u0000\ud800' },
      ],
    }),
})

/** A write with everything that parameters can be; answers what it was given. */
const RunCommand = defineOperation({
  name: 'RunCommand',
  summary: 'Runs a script.',
  access: 'write',
  permission: { resources: (request) => (request.InstanceId ?? ['*']).map((id) => `instance/${id}`) },
  request: {
    CommandContent: text('Script.', { maxLength: 100_000 }),
    Type: text('Kind.', { oneOf: ['RunShellScript', 'RunBatScript'] }),
    ClientToken: optional(text('Token.', { maxLength: 64 })),
    InstanceId: optional(repeated('Ids.', text('Id.'), { max: 3 })),
    Tag: optional(
      repeated('Tags.', record({ Key: text('Key.', { maxLength: 64 }), Value: optional(text('Value.')) }), { max: 2 }),
    ),
    Timeout: optional(integer('Seconds.', { min: 10, max: 86_400 })),
    Timed: optional(flag('Repeats.')),
    Parameters: optional(jsonMap('Values.')),
    Launcher: optional(text('Interpreter.')),
  },
  response: {
    InvokeId: text('The invocation.'),
    Echo: text('Everything that was understood.'),
    Nothing: optional(text('Absent text.')),
    Left: omitted(text('Left out.')),
    Online: flagText('A flag as text.'),
    At: time('When.'),
  },
  errors: [
    error('InvalidCmdType.NotFound', 404, 'The specified command type does not exist.', 'Type/unknown'),
    error('InstanceIds.ExceedLimit', 403, 'The number of instance IDs exceeds the upper limit.', 'InstanceId/too-many'),
    error('InvalidInstance.NotFound', 404, 'The specified instance does not exist.', 'instance/not-found'),
    error('CmdCount.ExceedQuota', 403, 'The quota of %s commands is used up.', 'command/quota-exceeded'),
    error('InternalError.Dispatch', 500, 'An error occurred when you dispatched the request.'),
  ],
  check: (request) => (request.Launcher === undefined ? undefined : 'Launcher/conflict'),
  handle({ request, scope, repeat }) {
    if (request.CommandContent === 'crash') throw new Error('a secret of the server')
    if (request.CommandContent.startsWith('fault:')) {
      throw new Fault(request.CommandContent.slice(6) as FaultKind, [100])
    }
    const { accountId, regionId } = scope
    const understood = {
      ...request,
      Parameters: request.Parameters && Object.fromEntries(request.Parameters),
      scope: { accountId, regionId },
    }
    const answer = {
      InvokeId: `t-${randomUUID()}`,
      Echo: JSON.stringify(understood),
      Online: true,
      At: Date.UTC(2026, 10, 24, 2, 5, 51),
    }
    if (repeat !== undefined) remembered.set(repeatKey(scope, repeat), { fingerprint: repeat.fingerprint, answer })
    return Promise.resolve(answer)
  },
})

/** Answers of calls with a ClientToken, kept by the operation itself as the domain does. */
const remembered = new Map<string, { fingerprint: string; answer: unknown }>()
const repeatKey = (scope: Scope, repeat: Repeatable): string =>
  JSON.stringify([scope, repeat.action, repeat.clientToken])

/** A paged read. */
const DescribeCloudAssistantStatus = defineOperation({
  name: 'DescribeCloudAssistantStatus',
  summary: 'Lists states.',
  access: 'read',
  permission: { resources: () => ['instance/*'] },
  request: { OSType: optional(text('System.')), ...pageRequest({ pageSize: 100, maxResults: 50 }) },
  response: {
    InstanceCloudAssistantStatusSet: list(
      'States.',
      'InstanceCloudAssistantStatus',
      record({
        InstanceId: text('Id.'),
        CloudAssistantStatus: flagText('Online.'),
        ActiveTaskCount: integer('Tasks.'),
      }),
    ),
    ...pageResponse,
  },
  errors: [],
  handle({ request, pageTokens }) {
    const asked = pageOf(request, pageTokens)
    const items = asked.style === 'token' && asked.cursor === 'second' ? ['i-2'] : ['i-1']
    const page = { items, totalCount: 2, nextCursor: items[0] === 'i-1' ? 'second' : undefined }
    return Promise.resolve({
      InstanceCloudAssistantStatusSet: items.map((id) => ({
        InstanceId: id,
        CloudAssistantStatus: true,
        ActiveTaskCount: 0,
      })),
      ...pageFields(page, asked, pageTokens),
    })
  },
})

export const TOY_OPERATIONS: readonly Operation[] = [DescribeRegions, RunCommand, DescribeCloudAssistantStatus]

/** Access over maps: three keys, nonces for ever, users may read only. */
export const createToyAccess = (): Access => {
  const keys = new Map([KEY, USER_KEY, DISABLED_KEY].map((key) => [key.accessKeyId, key]))
  const nonces = new Set<string>()
  const running = new Set<string>()
  return {
    accessKeys: { find: (id) => Promise.resolve(keys.get(id)) },
    nonces: {
      take(accessKeyId, nonce) {
        const entry = `${accessKeyId}\n${nonce}`
        const isNew = !nonces.has(entry)
        nonces.add(entry)
        return Promise.resolve(isNew)
      },
    },
    repeats: {
      begin(scope, repeat) {
        const key = repeatKey(scope, repeat)
        if (running.has(key)) return Promise.reject(new Fault('idempotency/processing'))
        const earlier = remembered.get(key)
        if (earlier === undefined) {
          running.add(key)
          return Promise.resolve(undefined)
        }
        if (earlier.fingerprint !== repeat.fingerprint) return Promise.reject(new Fault('idempotency/mismatch'))
        return Promise.resolve({ answer: earlier.answer })
      },
      end: (scope, repeat) => void running.delete(repeatKey(scope, repeat)),
    },
    permissions: {
      allowed: (caller, action) => Promise.resolve(caller.userId === undefined || action.startsWith('ecs:Describe')),
    },
  }
}

export interface ToyServer extends AsyncDisposable {
  readonly port: number
  readonly host: string
  readonly door: ApiDoor
  /** What was told, oldest first. */
  readonly events: CallEvent[]
}

export const startToyServer = async (changes: Partial<ApiDoorParts> = {}): Promise<ToyServer> => {
  const events: CallEvent[] = []
  const door = createApiDoor({
    operations: TOY_OPERATIONS,
    // The toys ask nothing of it.
    domain: {} as Domain,
    access: createToyAccess(),
    pageTokenKey: Buffer.alloc(32, 7),
    regions: ['cn-hangzhou', 'eu-central-1'],
    clock: { now: () => Date.now() },
    tell: (event) => void events.push(event),
    ...changes,
  })
  const server = createServer({ maxHeaderSize: 256 * 1024 }, (request, response) =>
    door.handle(request, response, { address: request.socket.remoteAddress, secure: false, loopback: true }),
  )
  const port = await listen(server)
  return {
    port,
    host: `127.0.0.1:${port}`,
    door,
    events,
    async [Symbol.asyncDispose]() {
      await door.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface RawRequest {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
}

export const send = (port: number, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    // Node sends the body of a GET without its length unless told.
    const framed = 'transfer-encoding' in headers || 'content-length' in headers || body === undefined
    const all = framed ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers: all, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })

const encode = (value: string): string =>
  [...Buffer.from(value)]
    .map((byte) =>
      /[A-Za-z0-9\-_.~]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('')

const sortedPairs = (entries: readonly (readonly [string, string])[], encodeName = encode): string[] =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${encodeName(name)}=${encode(value)}`)

export type Flat = Readonly<Record<string, string>>

export const timestamp = (time = Date.now()): string => `${new Date(time).toISOString().slice(0, 19)}Z`

/** Parameters with what V1 needs and its signature; `undefined` leaves one of them out. */
export const signV1 = (
  parameters: Readonly<Record<string, string | undefined>>,
  { key = KEY, method = 'GET', dropEmpty = false }: { key?: AccessKey; method?: string; dropEmpty?: boolean } = {},
): Flat => {
  const all: Record<string, string> = {}
  const wanted: Record<string, string | undefined> = {
    AccessKeyId: key.accessKeyId,
    Format: 'JSON',
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: randomUUID(),
    SignatureVersion: '1.0',
    Timestamp: timestamp(),
    Version: '2014-05-26',
    ...parameters,
  }
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) all[name] = value
  const pairs = sortedPairs(Object.entries(all).filter(([, value]) => !dropEmpty || value !== ''))
  const hash = all['SignatureMethod'] === 'HMAC-SHA256' ? 'sha256' : 'sha1'
  const text = `${method}&${encode('/')}&${encode(pairs.join('&'))}`
  const Signature = createHmac(hash, `${key.secret}&`).update(text).digest('base64')
  // A Signature of the caller's own, or none at all, stays as it is.
  return 'Signature' in parameters ? all : { ...all, Signature }
}

export const query = (parameters: Flat): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')

export const v1Request = (...signing: Parameters<typeof signV1>): RawRequest => ({
  path: `/?${query(signV1(...signing))}`,
})

export interface V3Options {
  readonly key?: AccessKey
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Names that are signed; by default all `x-acs-` headers, host and content-type. */
  readonly signed?: readonly string[]
  readonly algorithm?: string
  /** Puts names into the canonical query as they are, as some clients do. */
  readonly rawNames?: true
}

export const v3Request = (host: string, action: string, parameters: Flat, options: V3Options = {}): RawRequest => {
  const { key = KEY, method = 'POST', body = '', algorithm = 'ACS3-HMAC-SHA256' } = options
  const headers: Record<string, string> = {}
  const bodyHash = createHash('sha256').update(body).digest('hex')
  const wanted: Record<string, string | undefined> = {
    host,
    accept: 'application/json',
    'x-acs-action': action,
    'x-acs-version': '2014-05-26',
    'x-acs-date': timestamp(),
    'x-acs-signature-nonce': randomUUID(),
    'x-acs-content-sha256': bodyHash,
    ...options.headers,
  }
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) headers[name] = value
  const signed =
    options.signed ??
    Object.keys(headers)
      .filter((name) => /^(host|content-type|x-acs-.*)$/.test(name))
      .sort()
  const pairs = sortedPairs(Object.entries(parameters), options.rawNames === true ? (name) => name : encode)
  const lines = signed.map((name) => `${name}:${headers[name] ?? ''}\n`).join('')
  const canonical = [method, '/', pairs.join('&'), lines, signed.join(';'), bodyHash].join('\n')
  const text = `${algorithm}\n${createHash('sha256').update(canonical).digest('hex')}`
  const signature = createHmac('sha256', key.secret).update(text).digest('hex')
  headers['authorization'] ??=
    `${algorithm} Credential=${key.accessKeyId},SignedHeaders=${signed.join(';')},Signature=${signature}`
  return { method, path: `/?${query(parameters)}`, headers, body }
}
