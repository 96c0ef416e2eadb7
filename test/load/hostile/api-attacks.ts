// What is sent to the API door with a good signature and nonsense inside, or with a bad one.
import { createHmac, randomUUID } from 'node:crypto'
import { encodeParameters, signRequest } from '../../../src/cli/sign-request.js'
import type { Chance } from '../random.js'
import { ACCESS_KEY } from '../server-child.js'
import { type Attack, http } from './attack.js'
import { encode, json, parameterName, text, word } from './nonsense.js'

export interface KnownOperation {
  readonly name: string
  readonly parameters: readonly string[]
}

const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n'

type Pairs = [name: string, value: string][]

const strict = (value: string): string => encodeParameters([[value, '']]).slice(0, -1)

/** A query or form, signed by the rules of V1 over what a server decodes. */
export const signedV1 = (method: string, pairs: Pairs, changed: Readonly<Record<string, string>> = {}): string => {
  const now = `${new Date().toISOString().slice(0, 19)}Z`
  const all = new Map<string, string>([
    ['AccessKeyId', ACCESS_KEY.accessKeyId],
    ['SignatureMethod', 'HMAC-SHA1'],
    ['SignatureNonce', randomUUID()],
    ['SignatureVersion', '1.0'],
    ['Timestamp', now],
    ['Version', '2014-05-26'],
    ...pairs,
    ...Object.entries(changed),
  ])
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const canonical = sorted.map(([name, value]) => `${strict(name)}=${strict(value)}`).join('&')
  const signature = createHmac('sha1', `${ACCESS_KEY.accessKeySecret}&`)
    .update(`${method}&%2F&${strict(canonical)}`)
    .digest('base64')
  return [...sorted, ['Signature', signature] as const]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')
}

const nonsensePairs = (chance: Chance, operation: KnownOperation): Pairs => {
  const pairs: Pairs = [['Action', operation.name]]
  if (chance.chance(0.8)) pairs.push(['RegionId', chance.chance(0.9) ? 'cn-hangzhou' : text(chance)])
  if (chance.chance(0.8)) pairs.push(['Format', chance.pick(['JSON', 'XML'])])
  const amount = chance.chance(0.02) ? chance.between(300, 900) : chance.between(1, 8)
  for (let index = 0; index < amount; index += 1)
    pairs.push([parameterName(chance, operation.parameters), text(chance)])
  return pairs
}

const signedNonsense = (chance: Chance, operations: readonly KnownOperation[]): Attack => {
  const pairs = nonsensePairs(chance, chance.pick(operations))
  const query = signedV1('GET', pairs)
  const kind = 'V1, nonsense parameters'
  if (query.length < 200_000 && chance.chance(0.5))
    return { kind, door: 'api', bytes: [http('GET', `/?${query}`)], answers: 1, mayPass: true }
  return { kind, door: 'api', bytes: [http('POST', '/', FORM, signedV1('POST', pairs))], answers: 1, mayPass: true }
}

const signedNonsenseV3 = (chance: Chance, operations: readonly KnownOperation[]): Attack => {
  const operation = chance.pick(operations)
  const isJson = chance.chance(0.4)
  const body = isJson
    ? json(chance)
    : nonsensePairs(chance, operation)
        .slice(1)
        .map(([name, value]) => `${encode(name)}=${encode(value)}`)
        .join('&')
  const headers = signRequest(
    {
      method: 'POST',
      host: 'localhost',
      action: operation.name,
      version: '2014-05-26',
      query: [],
      body,
      contentType: isJson ? 'application/json; charset=utf-8' : 'application/x-www-form-urlencoded',
      date: new Date(),
      nonce: randomUUID(),
    },
    ACCESS_KEY,
  )
  const lines = Object.entries(headers)
    .filter(([name]) => name !== 'host')
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  return { kind: 'V3, nonsense body', door: 'api', bytes: [http('POST', '/', lines, body)], answers: 1, mayPass: true }
}

const brokenV1 = (chance: Chance, operations: readonly KnownOperation[]): Attack => {
  const name = chance.pick([
    'AccessKeyId',
    'SignatureMethod',
    'SignatureNonce',
    'SignatureVersion',
    'Timestamp',
    'Version',
    'Action',
    'Format',
    'SecurityToken',
    'BearerToken',
    'SignatureType',
  ])
  const changed = { [name]: text(chance) }
  let query = signedV1('GET', [['Action', chance.pick(operations).name]], changed)
  if (chance.chance(0.4)) query = query.replace(/Signature=[^&]*/, `Signature=${encode(text(chance))}`)
  if (chance.chance(0.2)) query += `&${name}=${encode(text(chance))}`
  return { kind: `V1, odd ${name}`, door: 'api', bytes: [http('GET', `/?${query}`)], answers: 1, mayPass: true }
}

const brokenV3 = (chance: Chance): Attack => {
  const authorization = chance.pick([
    'ACS3-HMAC-SHA256',
    'ACS3-HMAC-SHA256 ',
    'ACS3-HMAC-SHA256 Credential=,SignedHeaders=,Signature=',
    `ACS3-HMAC-SHA256 Credential=${ACCESS_KEY.accessKeyId},SignedHeaders=host;x-acs-action,Signature=zz`,
    `ACS3-HMAC-SHA256 Credential=${ACCESS_KEY.accessKeyId},SignedHeaders=${'a;'.repeat(5_000)},Signature=00`,
    `ACS3-HMAC-SHA256 Credential=${ACCESS_KEY.accessKeyId},SignedHeaders=__proto__;constructor,Signature=${'0'.repeat(64)}`,
    'ACS3-HMAC-SM3 Credential=a,SignedHeaders=b,Signature=c',
    'ACS3-RSA-SHA256 Credential=a,SignedHeaders=b,Signature=c',
    'ACS3-NONE-NONE Credential=a,SignedHeaders=b,Signature=c',
    'acs a:b',
    'Basic YTpi',
    `ACS3-${word(chance, 20).replace(/[^!-~]/g, '')} ${word(chance, 60).replace(/[^ -~]/g, '')}`,
  ])
  const date = chance.pick([new Date().toISOString(), `${new Date().toISOString().slice(0, 19)}Z`, 'never', ''])
  const headers =
    `Authorization: ${authorization}\r\nx-acs-action: DescribeRegions\r\nx-acs-version: 2014-05-26\r\n` +
    `x-acs-date: ${date}\r\nx-acs-signature-nonce: ${chance.between(0, 1e9)}\r\nx-acs-content-sha256: 00\r\n`
  return { kind: 'V3, bad authorization', door: 'api', bytes: [http('POST', '/', headers)], answers: 1 }
}

const replayed = (chance: Chance, operations: readonly KnownOperation[]): Attack => {
  const request = http(
    'GET',
    `/?${signedV1('GET', [
      ['Action', chance.pick(operations).name],
      ['Format', 'JSON'],
    ])}`,
  )
  return { kind: 'replayed', door: 'api', bytes: [request, request], answers: 2, mayPass: true }
}

const unsigned = (chance: Chance): Attack => {
  const pairs = Array.from({ length: chance.between(0, 6) }, () => `${encode(text(chance))}=${encode(text(chance))}`)
  const raw = chance.chance(0.3)
    ? chance.pick(['%', '%zz', '%ff%fe', '&&&===', 'a=%E0%A4%A', '+%2B+'])
    : pairs.join('&')
  const request = chance.chance(0.5) ? http('GET', `/?${raw}`) : http('POST', '/', FORM, raw)
  return { kind: 'unsigned', door: 'api', bytes: [request], answers: 1 }
}

const oddBody = (chance: Chance): Attack => {
  const type = chance.pick(['text/plain', 'multipart/form-data; boundary=x', 'application/json', 'a/b;charset=', '\t'])
  const body = chance.chance(0.5) ? chance.bytes(chance.between(1, 2_000)) : json(chance)
  return {
    kind: 'odd body',
    door: 'api',
    bytes: [http('POST', `/?Action=DescribeRegions`, `Content-Type: ${type}\r\n`, body)],
    answers: 1,
  }
}

const manyParameters = (chance: Chance): Attack => {
  const body = Array.from({ length: chance.between(19_000, 30_000) }, (_, index) => `p${index}=`).join('&')
  return { kind: 'many parameters', door: 'api', bytes: [http('POST', '/', FORM, body)], answers: 1 }
}

const oversized = (chance: Chance): Attack => ({
  kind: 'oversized',
  door: 'api',
  bytes: [
    `POST /?Format=JSON HTTP/1.1\r\nHost: localhost\r\n${FORM}Content-Length: ${chance.pick(['4194305', '99999999999'])}\r\n\r\n`,
    Buffer.alloc(chance.between(0, 100_000), 0x61),
  ],
  answers: 1,
  spoils: true,
  code: 'RequestEntityTooLarge',
})

const stranger = (chance: Chance): Attack => {
  const [headers, code] = chance.pick([
    ['Host: evil.example\r\n', 'Forbidden.Host'],
    ['Host: localhost.evil.example:80\r\n', 'Forbidden.Host'],
    ['Host: localhost\r\nOrigin: https://evil.example\r\n', 'Forbidden.Origin'],
    ['Host: localhost\r\nOrigin: null\r\n', 'Forbidden.Origin'],
    ['Host: localhost\r\nSec-Fetch-Site: cross-site\r\n', 'Forbidden.Origin'],
    ['Host: localhost\r\nSec-Fetch-Site: \x80\r\n', 'Forbidden.Origin'],
    ['Host: \r\n', 'Forbidden.Host'],
    ['Host: localhost:99999\r\n', undefined],
  ] as const)
  const path = chance.pick([
    `/?${signedV1('GET', [
      ['Action', 'DescribeRegions'],
      ['Format', 'JSON'],
    ])}`,
    '/luban/api/heart-beat',
  ])
  return {
    kind: 'wrong Host or Origin',
    door: 'api',
    bytes: [`GET ${path} HTTP/1.1\r\n${headers}\r\n`],
    answers: 1,
    mayPass: code === undefined,
    ...(code === undefined ? {} : { code }),
  }
}

const oddMethod = (chance: Chance): Attack => {
  const method = chance.pick(['PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'HEAD', 'PROPFIND', 'SEARCH'])
  return {
    kind: 'odd method',
    door: 'api',
    bytes: [http(method, chance.pick(['/', '/?Action=DescribeRegions', '/luban/api/heart-beat', '*']))],
    answers: 1,
    bodiless: method === 'HEAD',
    spoils: true,
  }
}

export const apiAttack = (chance: Chance, operations: readonly KnownOperation[]): Attack => {
  const roll = chance.next()
  if (roll < 0.3) return signedNonsense(chance, operations)
  if (roll < 0.45) return signedNonsenseV3(chance, operations)
  if (roll < 0.6) return brokenV1(chance, operations)
  if (roll < 0.7) return brokenV3(chance)
  if (roll < 0.75) return replayed(chance, operations)
  if (roll < 0.85) return unsigned(chance)
  if (roll < 0.9) return oddBody(chance)
  if (roll < 0.95) return stranger(chance)
  if (roll < 0.98) return oddMethod(chance)
  if (roll < 0.99) return oversized(chance)
  return manyParameters(chance)
}
