// Whatever is sent, the door answers with an error of the wire: no 5xx, no crash, no hang.
import fc from 'fast-check'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RawRequest, send, startToyServer, type ToyServer, v1Request, v3Request } from './_support.js'

const words = fc.constantFrom(
  'Action',
  'RunCommand',
  'DescribeRegions',
  'AccessKeyId',
  'Signature',
  'SignatureMethod',
  'HMAC-SHA1',
  'SignatureNonce',
  'SignatureVersion',
  '1.0',
  'Timestamp',
  '2026-11-24T02:05:51Z',
  'Version',
  '2014-05-26',
  'Format',
  'XML',
  'JSON',
  'RegionId',
  'cn-hangzhou',
  'InstanceId.1',
  'InstanceId.0',
  'InstanceId.99999999999',
  'Tag.1.Key',
  'Tag.1',
  'Tag.1.Key.1',
  'Parameters',
  '{"a":1}',
  '{"a":',
  '[[[[',
  'ClientToken',
  'CommandContent',
  'Timeout',
  '-1',
  '1e9',
  'NaN',
  'true',
  '%',
  '%00',
  '%ff',
  '+',
  '=',
  '&',
  '__proto__',
  'constructor',
  'toString',
  '\ud800',
  '中',
  '😀',
  'SecurityToken',
  'SignatureType',
  'BEARERTOKEN',
  'LTAI5tExampleKeyId0001',
)
const piece = fc.oneof({ weight: 3, arbitrary: words }, { weight: 1, arbitrary: fc.string({ maxLength: 20 }) })

/** Characters that a request line may hold. */
const inUrl = (text: string): string =>
  text.toString().replace(/[^\x21-\x7e]/g, (one) => encodeURIComponent(`${one}`.replace(/\p{Surrogate}/gu, '')))

const rawForm = fc
  .array(fc.tuple(piece, fc.constantFrom('=', '', '=='), piece), { maxLength: 20 })
  .map((pairs) => pairs.map((pair) => pair.join('')).join('&'))

const headers = fc.record(
  {
    'content-type': fc.constantFrom(
      'application/x-www-form-urlencoded',
      'application/json',
      'text/plain',
      '',
      ';',
      'multipart/form-data',
    ),
    authorization: fc.oneof(
      fc.constantFrom('acs a:b', 'Basic eDp5', 'ACS3-HMAC-SHA256', 'ACS3-', 'ACS3-RSA-SHA256 a=b'),
      fc
        .array(fc.constantFrom('Credential=', 'SignedHeaders=', 'Signature=', 'host', ';', ',', '=', ' ', 'x'), {
          maxLength: 12,
        })
        .map((parts) => `ACS3-HMAC-SHA256 ${parts.join('')}`),
    ),
    accept: fc.constantFrom('application/xml', 'application/json', '*/*', ''),
    'x-acs-action': fc.constantFrom('RunCommand', '', 'x'),
    'x-acs-version': fc.constantFrom('2014-05-26', '', 'x'),
    'x-acs-date': fc.constantFrom('2026-11-24T02:05:51Z', '', 'x'),
    'x-acs-signature-nonce': fc.constantFrom('n', ''),
    'x-acs-content-sha256': fc.constantFrom('e3', ''),
    'content-md5': fc.constantFrom('x', ''),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>

const wellFormed = (type: string | undefined, body: string): void => {
  if (type === 'application/json;charset=utf-8') expect(JSON.parse(body)).toHaveProperty('RequestId')
  else {
    expect(type).toBe('text/xml;charset=utf-8')
    expect(body).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?><(\w+)>.*<\/\1>$/s)
  }
}

describe('garbage', () => {
  let server: ToyServer
  beforeAll(async () => {
    server = await startToyServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const expectDocumented = async (request: RawRequest): Promise<void> => {
    const { status, headers: answered, body } = await send(server.port, request)
    expect(status).toBeLessThan(500)
    expect(answered['x-acs-request-id']).toMatch(/^[0-9A-F-]{36}$/)
    wellFormed(answered['content-type'], body)
  }

  it('unsigned, in URL, headers and body', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT'),
        rawForm,
        headers,
        fc.oneof(rawForm, fc.uint8Array({ maxLength: 200 })),
        async (method, query, some, body) => {
          await expectDocumented({
            method,
            path: `/?${inUrl(query)}`,
            headers: some,
            body: typeof body === 'string' ? body : Buffer.from(body),
          })
        },
      ),
      { numRuns: 600 },
    )
  })

  const parameters = fc.dictionary(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          'Action',
          'RegionId',
          'Type',
          'CommandContent',
          'InstanceId.1',
          'InstanceId.2',
          'Tag.1.Key',
          'Tag.1.Value',
          'Timeout',
          'Timed',
          'Parameters',
          'ClientToken',
          'PageNumber',
          'PageSize',
          'MaxResults',
          'NextToken',
          'Format',
          'Launcher',
        ),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 10 }) },
    ),
    fc.oneof(
      fc.constantFrom(
        'RunCommand',
        'DescribeCloudAssistantStatus',
        'DescribeRegions',
        'cn-hangzhou',
        'RunShellScript',
        'XML',
        'JSON',
        '1',
        '-1',
        '99999999999999999999',
        '{"a":{"b":[1]}}',
        '[]',
        'True',
        'fault:instance/not-found',
      ),
      fc.string({ unit: 'grapheme', maxLength: 30 }),
    ),
    { maxKeys: 12, noNullPrototype: true },
  )
  const clean = (given: Record<string, string>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(given).filter(([name, value]) => name !== '' && !`${name}${value}`.includes('\0')),
    )

  it('signed by V1', async () => {
    await fc.assert(
      fc.asyncProperty(
        parameters,
        fc.constantFrom('RunCommand', 'DescribeCloudAssistantStatus'),
        async (given, Action) => {
          await expectDocumented(v1Request({ Action, RegionId: 'cn-hangzhou', ...clean(given) }))
        },
      ),
      { numRuns: 600 },
    )
  })

  it('signed by V3, in URL and JSON body', async () => {
    const action = fc.constantFrom('RunCommand', 'DescribeCloudAssistantStatus', 'NoSuchThing')
    await fc.assert(
      fc.asyncProperty(
        parameters,
        fc.jsonValue({ maxDepth: 6 }),
        action,
        fc.boolean(),
        async (given, json, name, inBody) => {
          const body = inBody ? JSON.stringify(json) : ''
          const type: Record<string, string> = inBody ? { 'content-type': 'application/json' } : {}
          await expectDocumented(v3Request(server.host, name, clean(given), { body, headers: type }))
        },
      ),
      { numRuns: 600 },
    )
  })

  it('cut off anywhere', async () => {
    const { path } = v1Request({ Action: 'RunCommand', RegionId: 'cn-hangzhou' })
    const whole = `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\nCommandContent=abcde`
    const cut = (length: number): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect(server.port, '127.0.0.1')
        socket.on('error', () => undefined)
        socket.on('close', () => resolve())
        socket.write(whole.slice(0, length), () => socket.destroy())
      })
    for (let length = 0; length < whole.length; length += 7) await cut(length)
    await expectDocumented(v1Request({ Action: 'DescribeRegions' }))
  })

  it('leaves nothing behind: no failure was told', () => {
    expect(server.events.length).toBeGreaterThan(1_800)
    expect(server.events.filter((event) => event.failure !== undefined || event.status >= 500)).toEqual([])
  })
})
