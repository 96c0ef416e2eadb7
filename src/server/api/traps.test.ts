// The dozen things most likely to break a new server (rpc.md §0), each held by a test. No. 12 is the Terraform
// provider's own habit and no server can meet it.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { text } from '../../schema/shape.js'
import {
  type Flat,
  KEY,
  type RawRequest,
  send,
  signV1,
  startToyServer,
  TOY_OPERATIONS,
  type ToyServer,
  v1Request,
  v3Request,
} from './_support.js'
import { createApiDoor } from './pipeline.js'

const RUN: Flat = { Action: 'RunCommand', RegionId: 'cn-hangzhou', CommandContent: 'x', Type: 'RunShellScript' }
const FORM = 'application/x-www-form-urlencoded'

describe('traps of the wire', () => {
  let server: ToyServer
  beforeAll(async () => {
    server = await startToyServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const call = async (request: RawRequest): Promise<Record<string, string>> =>
    JSON.parse((await send(server.port, request)).body) as Record<string, string>
  const echo = async (request: RawRequest): Promise<Record<string, unknown>> => {
    const answer = await call(request)
    return JSON.parse(answer['Echo'] ?? JSON.stringify(answer)) as Record<string, unknown>
  }

  it('1: a URL of nearly 100 KB is read', async () => {
    const content = '中/+'.repeat(6_600)
    const request = v1Request({ ...RUN, CommandContent: content })
    expect(request.path.length).toBeGreaterThan(95_000)
    expect(await echo(request)).toMatchObject({ CommandContent: content })
  })

  it.each(['a+b%20c', "%2A*%21!%27%28'()", '%7E~', '%e4%b8%ad'])(
    '2: %s is verified from its decoded form',
    async (wire) => {
      const decoded = decodeURIComponent(wire.replaceAll('+', ' '))
      const { CommandContent: _, ...signed } = signV1({ ...RUN, CommandContent: decoded })
      const query = new URLSearchParams(signed).toString()
      expect(await echo({ path: `/?${query}&CommandContent=${wire}` })).toMatchObject({ CommandContent: decoded })
    },
  )

  it('3: empty parameters may be signed or left out, and count as not given', async () => {
    const parameters = { ...RUN, SignatureType: '', Timeout: '', Launcher: '' }
    for (const dropEmpty of [false, true]) {
      const answer = await echo(v1Request(parameters, { dropEmpty }))
      expect(answer).toMatchObject({ CommandContent: 'x' })
      expect(answer).not.toHaveProperty('Timeout')
    }
  })

  it('4: a mismatch is a 400 whose message ends with the string to sign, which holds no colon', async () => {
    const request = v1Request(RUN, { key: { ...KEY, secret: 'wrong' } })
    const { status, body } = await send(server.port, request)
    const { Message } = JSON.parse(body) as { Message: string }
    expect(status).toBe(400)
    const [before, stringToSign, ...rest] = Message.split(':')
    expect(before).toBe('Specified signature is not matched with our calculation. server string to sign is')
    expect(stringToSign).toMatch(/^GET&%2F&AccessKeyId%3D/)
    expect(rest).toEqual([])
  })

  it('4: the string to sign can be kept back, and the message still has its colon', async () => {
    await using discreet = await startToyServer({ settings: { echoStringToSign: false } })
    const { body } = await send(discreet.port, v1Request(RUN, { key: { ...KEY, secret: 'wrong' } }))
    expect((JSON.parse(body) as { Message: string }).Message).toMatch(/server string to sign is:$/)
  })

  it('4: V3 is told the string to sign and the canonical request', async () => {
    const request = v3Request(server.host, 'DescribeRegions', {}, { key: { ...KEY, secret: 'wrong' } })
    const { Message } = await call(request)
    expect(Message).toContain('server string to sign is:ACS3-HMAC-SHA256\n')
    expect(Message).toContain(`server canonical request is:POST\n/\n\nhost:${server.host}\n`)
  })

  it('5: what is signed is what SignedHeaders names, in any place of Authorization', async () => {
    const headers = {
      'user-agent': 'AlibabaCloud (Linux; x86_64) Python/3.11.2',
      'x-acs-credentials-provider': 'static_ak',
    }
    const signed = [
      'accept',
      'host',
      'user-agent',
      'x-acs-action',
      'x-acs-content-sha256',
      'x-acs-credentials-provider',
      'x-acs-date',
      'x-acs-signature-nonce',
      'x-acs-version',
    ]
    const request = v3Request(server.host, 'DescribeRegions', {}, { headers, signed })
    const [algorithm, fields = ''] = String(request.headers?.['authorization']).split(/ (.*)/s)
    const [credential, signedHeaders, signature] = fields.split(',')
    const authorization = `${algorithm} ${signature}, ${signedHeaders}, ${credential}`
    expect(await call({ ...request, headers: { ...request.headers, authorization } })).toHaveProperty('Regions')
  })

  it('5: a signed header that came twice is joined in order', async () => {
    const request = v3Request(server.host, 'DescribeRegions', {}, { headers: { 'x-acs-extra': 'a,b' } })
    expect(await call({ ...request, headers: { ...request.headers, 'x-acs-extra': ['b', 'a'] } })).toHaveProperty(
      'Regions',
    )
  })

  it('6: the hash of the body is ours, whatever the header says', async () => {
    const request = v3Request(
      server.host,
      'RunCommand',
      { RegionId: 'cn-hangzhou' },
      { body: 'CommandContent=x&Type=RunShellScript', headers: { 'content-type': FORM } },
    )
    expect(await call({ ...request, body: 'CommandContent=y&Type=RunShellScript' })).toHaveProperty(
      'Code',
      'SignatureDoesNotMatch',
    )
    expect(await echo(request)).toMatchObject({ CommandContent: 'x' })
  })

  it('7: V1 survives a rewritten Host; V3 does where the public host is configured', async () => {
    const headers = { host: 'inside.example' }
    expect(await call({ ...v1Request({ Action: 'DescribeRegions' }), headers })).toHaveProperty('Regions')
    const request = v3Request('assist.example:443', 'DescribeRegions', {})
    const rewritten = { ...request, headers: { ...request.headers, ...headers } }
    expect(await call(rewritten)).toHaveProperty('Code', 'SignatureDoesNotMatch')
    await using behindProxy = await startToyServer({
      settings: { publicHosts: ['assist.example', 'assist.example:443'] },
    })
    expect((await send(behindProxy.port, rewritten)).status).toBe(200)
  })

  it.each([
    ['true', true],
    ['True', true],
    ['false', false],
    ['False', false],
  ])('8: %s is a flag', async (written, flag) => {
    expect(await echo(v1Request({ ...RUN, Timed: written }))).toMatchObject({ Timed: flag })
  })

  it.each(['TRUE', '1', 'yes', 'tru'])('8: %s is none', async (written) => {
    expect(await call(v1Request({ ...RUN, Timed: written }))).toHaveProperty('Code', 'InvalidParameter.Timed')
  })

  it.each([
    ['JSON', 'application/json;charset=utf-8', '{'],
    ['json', 'application/json;charset=utf-8', '{'],
    ['XML', 'text/xml;charset=utf-8', '<?xml version="1.0" encoding="UTF-8"?><DescribeRegionsResponse>'],
    ['xml', 'text/xml;charset=utf-8', '<?xml'],
    [undefined, 'text/xml;charset=utf-8', '<?xml'],
  ])('9: Format %s is answered as %s, errors too', async (Format, type, start) => {
    const good = await send(server.port, v1Request({ Action: 'DescribeRegions', Format }))
    const bad = await send(server.port, v1Request({ Action: 'NoSuchThing', Format }))
    expect([good.status, bad.status]).toEqual([200, 404])
    for (const { headers, body } of [good, bad]) {
      expect(headers['content-type']).toBe(type)
      expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body))
      expect(headers['x-acs-request-id']).toMatch(/^[0-9A-F-]{36}$/)
      expect(body).toContain(headers['x-acs-request-id'])
      expect(headers).not.toHaveProperty('access-control-allow-origin')
    }
    expect(good.body.startsWith(start)).toBe(true)
  })

  it('9: V3 is answered in JSON, in XML when it accepts nothing else or says so', async () => {
    const typeOf = async (headers: Record<string, string>, parameters: Flat = {}) =>
      (await send(server.port, v3Request(server.host, 'DescribeRegions', parameters, { headers }))).headers[
        'content-type'
      ]
    expect(await typeOf({})).toBe('application/json;charset=utf-8')
    expect(await typeOf({ accept: '*/*' })).toBe('application/json;charset=utf-8')
    expect(await typeOf({ accept: 'application/xml' })).toBe('text/xml;charset=utf-8')
    expect(await typeOf({}, { Format: 'XML' })).toBe('text/xml;charset=utf-8')
  })

  it.each(['JSON', 'XML'])('10: an error in %s has the five members, all texts', async (Format) => {
    const { headers, body } = await send(server.port, v1Request({ ...RUN, Type: 'RunPython', Format }))
    const requestId = headers['x-acs-request-id'] as string
    const members = {
      RequestId: requestId,
      HostId: '127.0.0.1',
      Code: 'InvalidCmdType.NotFound',
      Message: 'The specified command type does not exist.',
      Recommend: `https://api.aliyun.com/troubleshoot?q=InvalidCmdType.NotFound&product=Ecs&requestId=${requestId}`,
    }
    const elements = Object.entries(members).map(
      ([name, value]) => `<${name}>${value.replaceAll('&', '&amp;')}</${name}>`,
    )
    expect(body).toBe(
      Format === 'JSON'
        ? JSON.stringify(members)
        : `<?xml version="1.0" encoding="UTF-8"?><Error>${elements.join('')}</Error>`,
    )
  })

  it('11: an operation whose answer would have a Code is not even loaded', () => {
    const [first] = TOY_OPERATIONS
    const operations = [{ ...first!, response: { Code: text('A trap.') } }]
    const parts = {
      operations,
      access: {},
      domain: {},
      pageTokenKey: Buffer.alloc(32),
      regions: [],
      clock: { now: () => 0 },
    }
    expect(() => createApiDoor({ ...parts, tell: () => undefined } as never)).toThrow(
      'must not have a member named Code',
    )
  })

  it('V1 takes the action from the parameter, V3 from the header', async () => {
    const v1 = {
      ...v1Request({ Action: 'DescribeRegions' }),
      headers: { 'x-acs-action': 'describeRegions', 'x-acs-version': 'x' },
    }
    expect(await call(v1)).toHaveProperty('Regions')
    const v3 = v3Request(server.host, 'DescribeRegions', { Action: 'NoSuchThing', Version: 'x', Format: 'JSON' })
    expect(await call(v3)).toHaveProperty('Regions')
  })

  it('names with unusual characters may be encoded in V3 or not', async () => {
    const parameters = { '#3#key': 'v', 中: '文' }
    expect(await call(v3Request(server.host, 'DescribeRegions', parameters))).toHaveProperty('Regions')
    expect(await call(v3Request(server.host, 'DescribeRegions', parameters, { rawNames: true }))).toHaveProperty(
      'Regions',
    )
  })

  it('HMAC-SHA256 is as good as HMAC-SHA1', async () => {
    expect(await call(v1Request({ Action: 'DescribeRegions', SignatureMethod: 'HMAC-SHA256' }))).toHaveProperty(
      'Regions',
    )
  })

  it('a form body wins over the query; what identifies the caller is not said twice', async () => {
    const post = (inQuery: Flat, inBody: Flat) =>
      call({
        method: 'POST',
        path: `/?${new URLSearchParams(inQuery).toString()}`,
        headers: { 'content-type': `${FORM}; charset=utf-8` },
        body: new URLSearchParams(inBody).toString(),
      })
    const all = signV1({ ...RUN, CommandContent: 'in the body' }, { method: 'POST' })
    const { CommandContent, Signature, ...rest } = all as Record<string, string>
    const answer = await post(
      { ...rest, CommandContent: 'in the query' },
      { CommandContent: CommandContent!, Signature: Signature! },
    )
    expect(answer['Echo']).toContain('in the body')
    for (const name of ['Action', 'AccessKeyId', 'Signature']) {
      expect(await post(all, { [name]: all[name]! })).toMatchObject({
        Code: 'InvalidParameter',
        Message: `The specified parameter "${name}" is not valid.`,
      })
    }
  })

  it('a name that comes twice is refused', async () => {
    const { path } = v1Request({ Action: 'DescribeRegions', a: '1', SignatureNonce: randomUUID() })
    expect(await call({ path: `${path}&a=1` })).toHaveProperty('Code', 'InvalidParameter')
  })
})
