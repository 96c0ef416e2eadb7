// The call floor (design §8): bare node:http, one process, that parses the same request, verifies the same HMAC, and
// stringifies the same rows from memory.
import { createHmac, createSecretKey, randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostOf, invocationsOf, osTypeOf, versionOf } from '../data/hosts.js'
import { obey, tellReady } from '../measure/controlled.js'
import { ACCESS_KEY } from '../server/start.js'

const HOSTS = 50_000
const key = createSecretKey(Buffer.from(`${ACCESS_KEY.accessKeySecret}&`))
const timeText = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`
const heard = timeText(Date.now())

const rows = Array.from({ length: HOSTS }, (_, number) => ({
  CloudAssistantVersion: versionOf(number),
  InstanceId: hostOf(number).instanceId,
  CloudAssistantStatus: 'true',
  OSType: osTypeOf(number),
  InvocationCount: invocationsOf(number),
  ActiveTaskCount: 0,
  ...(invocationsOf(number) === 0 ? {} : { LastInvokedTime: timeText(Date.UTC(2026, 0, 1) + number) }),
  LastHeartbeatTime: heard,
  SupportSessionManager: false,
}))
const byId = new Map(rows.map((row) => [row.InstanceId, row]))

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)

const isSigned = (method: string, parameters: ReadonlyMap<string, string>): boolean => {
  let query = ''
  for (const name of [...parameters.keys()].sort()) {
    if (name === 'Signature') continue
    query += `${query === '' ? '' : '&'}${encode(name)}=${encode(parameters.get(name) ?? '')}`
  }
  const signature = createHmac('sha1', key)
    .update(`${method}&%2F&${encode(query)}`)
    .digest()
  const given = Buffer.from(parameters.get('Signature') ?? '', 'base64')
  return given.length === signature.length && timingSafeEqual(given, signature)
}

const pageOf = (parameters: ReadonlyMap<string, string>): unknown => {
  const instanceId = parameters.get('InstanceId.1')
  const size = Number(parameters.get('PageSize') ?? 1)
  const number = Number(parameters.get('PageNumber') ?? 1)
  const from = ((number - 1) * size) % (HOSTS - size)
  return {
    PageSize: size,
    RequestId: randomUUID().toUpperCase(),
    PageNumber: number,
    TotalCount: HOSTS,
    InstanceCloudAssistantStatusSet: {
      InstanceCloudAssistantStatus: instanceId === undefined ? rows.slice(from, from + size) : [byId.get(instanceId)],
    },
  }
}

const server = createServer({ noDelay: true }, (request, response) => {
  const url = request.url ?? ''
  const parameters = new Map<string, string>()
  for (const pair of url.slice(url.indexOf('?') + 1).split('&')) {
    const mark = pair.indexOf('=')
    parameters.set(decodeURIComponent(pair.slice(0, mark)), decodeURIComponent(pair.slice(mark + 1)))
  }
  const isGood = isSigned(request.method ?? '', parameters)
  const body = isGood ? JSON.stringify(pageOf(parameters)) : '{}'
  response.writeHead(isGood ? 200 : 400, {
    'content-type': 'application/json;charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
})

server.listen(0, '127.0.0.1', () => {
  obey()
  tellReady({ plain: (server.address() as AddressInfo).port })
})
