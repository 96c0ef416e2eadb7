import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createToyAccess,
  type Flat,
  send,
  signV1,
  startToyServer,
  type ToyServer,
  v1Request,
  v3Request,
} from './_support.js'

const FORM = 'application/x-www-form-urlencoded'
const RUN: Flat = { Action: 'RunCommand', RegionId: 'cn-hangzhou', CommandContent: 'x', Type: 'RunShellScript' }

/** Speaks to the server in bytes; resolves with all that came back when the connection ends. */
const speak = (port: number, write: (socket: Socket) => void): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => (received += text))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(received))
    write(socket)
  })

const codeOf = (answer: string): string | undefined => /Code"?[>:]"?([A-Za-z0-9.]+)/.exec(answer)?.[1]
const post = (body: string | Buffer, headers: Record<string, string> = {}) => ({
  method: 'POST',
  path: '/?Format=JSON',
  headers: { 'content-type': FORM, ...headers },
  body,
})

describe('bodies', () => {
  let server: ToyServer
  beforeAll(async () => {
    server = await startToyServer({ settings: { maxBodyBytes: 100_000, maxParameters: 50 } })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('one at the limit is read, in chunks or at once', async () => {
    const body = `a=${'x'.repeat(99_998)}`
    for (const headers of [{ 'content-length': '100000' }, { 'transfer-encoding': 'chunked' }]) {
      expect(codeOf((await send(server.port, post(body, headers))).body)).toBe('MissingAccessKeyId')
    }
  })

  it.each([{ 'content-length': '100001' }, { 'transfer-encoding': 'chunked' }])(
    'one beyond the limit gets its error, which the client can read, and the connection ends: %j',
    async (headers: Record<string, string>) => {
      const { status, headers: answered, body } = await send(server.port, post('x'.repeat(100_001), headers))
      expect(status).toBe(413)
      expect(JSON.parse(body)).toMatchObject({
        Code: 'RequestEntityTooLarge',
        Message: 'The request body exceeds the upper limit of 100000 bytes.',
      })
      expect(answered.connection).toBe('close')
    },
  )

  it('a client that announces too much is answered before it sends anything', async () => {
    const answer = await speak(server.port, (socket) => {
      socket.write('POST /?Format=XML HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n')
      socket.once('data', () => socket.end())
    })
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('<Code>RequestEntityTooLarge</Code>')
  })

  it('a client that sends on and on after its error is cut off', async () => {
    const answer = await speak(server.port, (socket) => {
      socket.write('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
      const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
      const pump = (): void => {
        while (!socket.destroyed && socket.write(chunk));
        if (!socket.destroyed) socket.once('drain', pump)
      }
      pump()
    })
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('one that does not arrive in time gets its error', async () => {
    await using hasty = await startToyServer({ settings: { bodyDeadlineMs: 50 } })
    const answer = await speak(hasty.port, (socket) => {
      socket.write('POST /?Format=JSON HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc')
    })
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(codeOf(answer)).toBe('RequestTimeout')
  })

  it('one that breaks off is nobody’s error', async () => {
    const before = server.events.length
    await speak(server.port, (socket) => {
      socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc', () => socket.destroy())
    })
    await vi.waitFor(() => expect(server.events.length).toBe(before + 1))
    expect(server.events.at(-1)).toMatchObject({ code: 'ClientGone', status: 0 })
    expect((await send(server.port, v1Request({ Action: 'DescribeRegions' }))).status).toBe(200)
  })

  it('more parameters than the limit are refused, in URL, form and both together', async () => {
    const many = (from: number, count: number) => Array.from({ length: count }, (_, n) => `p${from + n}=1`).join('&')
    const message = 'The number of parameters exceeds the upper limit of 50.'
    for (const request of [
      { path: `/?Format=JSON&${many(0, 50)}` },
      post(many(0, 51)),
      { ...post(many(0, 30)), path: `/?Format=JSON&${many(30, 30)}` },
    ]) {
      const { status, body } = await send(server.port, request)
      expect(status).toBe(400)
      expect(JSON.parse(body)).toMatchObject({ Code: 'InvalidParameter', Message: message })
    }
  })

  it.each([
    ['%ff', 'bytes that are not UTF-8'],
    ['%c3', 'half a character'],
    ['%zz', 'what is not hexadecimal'],
    ['%', 'a lone percent sign'],
    ['a%00b', 'NUL'],
    ['%ed%a0%80', 'half a surrogate pair'],
  ])('%s is refused: %s', async (value) => {
    const inQuery = await send(server.port, { path: `/?Format=JSON&Name=${value}` })
    const inBody = await send(server.port, post(`Name=${value}`))
    for (const { status, body } of [inQuery, inBody]) {
      expect(status).toBe(400)
      expect(JSON.parse(body)).toMatchObject({
        Code: 'InvalidParameter',
        Message: 'The specified parameter "Name" is not valid.',
      })
    }
  })

  // The error comes in the format that was asked for, wherever that stands in what cannot be decoded (rpc.md §3.1).
  it.each([
    ['/', 'Format=JSON&Name=a%00b', FORM, 'json'],
    ['/', 'Name=a%00b&Format=JSON', FORM, 'json'],
    ['/', 'Name=%zz&Forma%74=%4ASON', FORM, 'json'],
    ['/?Format=XML', 'Format=json&Name=%ff', FORM, 'json'],
    ['/?Format=JSON', 'Name=a%00b', FORM, 'json'],
    ['/?Name=a%00b', 'Format=JSON', FORM, 'json'],
    ['/?Name=%ff&Forma%74=JSON', '', FORM, 'json'],
    ['/?Format=JSON', 'Format=XML&Name=%ff', FORM, 'xml'],
    ['/', 'Name=%ff&Format=yaml', FORM, 'xml'],
    ['/', 'Name=%ff', FORM, 'xml'],
    ['/', 'Name=a\0&Format=JSON', FORM, 'json'],
    ['/', '{"Name":"a\\u0000","Format":"JSON"}', 'application/json', 'json'],
    ['/?Format=JSON', '{"Name":', 'application/json', 'json'],
    ['/', 'null', 'application/json', 'xml'],
  ])('%s with %s is refused in the format that it asks for', async (path, body, type, format) => {
    const { status, headers } = await send(server.port, { ...post(body, { 'content-type': type }), path })
    expect(status).toBe(400)
    expect(headers['content-type']).toContain(format)
  })

  it('raw bytes are UTF-8 or refused, in a body and in a URL', async () => {
    const parameters = signV1({ ...RUN, CommandContent: '中文 é' }, { method: 'POST' })
    const raw = Object.entries(parameters)
      .map(([name, value]) => `${name}=${name === 'CommandContent' ? '中文+é' : encodeURIComponent(value)}`)
      .join('&')
    const good = await send(server.port, post(Buffer.from(raw)))
    expect(good.body).toContain('中文 é')
    expect((await send(server.port, post(Buffer.from([0x61, 0x3d, 0xff])))).status).toBe(400)
    expect((await send(server.port, post(Buffer.from('a=\0')))).status).toBe(400)
    const url = await speak(server.port, (socket) => {
      socket.write(
        Buffer.concat([
          Buffer.from('GET /?a='),
          Buffer.from([0xff]),
          Buffer.from(' HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'),
        ]),
      )
    })
    expect(url).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('a Content-MD5 must be that of the body', async () => {
    const body = new URLSearchParams(signV1(RUN, { method: 'POST' })).toString()
    const md5 = (text: string): string => createHash('md5').update(text).digest('base64')
    // Of another body: one made by changing the last byte is the right one once in 256 runs.
    expect((await send(server.port, post(body, { 'content-md5': md5(`${body}x`) }))).body).toContain(
      'ContentMD5NotMatched',
    )
    expect((await send(server.port, post(body, { 'content-md5': md5(body) }))).status).toBe(200)
  })

  it('a JSON body is parameters for V3 only', async () => {
    const headers = { 'content-type': 'application/json' }
    const request = { ...v1Request(RUN, { method: 'POST' }), method: 'POST', headers, body: '{"Launcher":"x"}' }
    expect((await send(server.port, request)).body).toContain(
      'The specified parameter \\"Content-Type\\" is not valid.',
    )
    const multipart = { ...request, headers: { 'content-type': 'multipart/form-data; boundary=x' } }
    expect((await send(server.port, multipart)).body).toContain(
      'The specified parameter \\"Content-Type\\" is not valid.',
    )
  })

  it.each([
    '[]',
    '"x"',
    'null',
    '{',
    '{"a":"\\u0000"}',
    '{"a":"\\ud800"}',
    '{"\\u0000":"a"}',
    `{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
    '{"a":{"b":{"c":{"d":{"e":{"f":{}}}}}}}',
    '{"a.1":"x","a":["y"]}',
  ])('the JSON body %.40s is refused', async (body) => {
    const request = v3Request(server.host, 'RunCommand', {}, { body, headers: { 'content-type': 'application/json' } })
    const answer = await send(server.port, request)
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body)).toHaveProperty('Code', 'InvalidParameter')
  })

  it('a GET may have a form body, which counts', async () => {
    const { CommandContent, ...rest } = signV1(RUN) as Record<string, string>
    const request = {
      path: `/?${new URLSearchParams(rest).toString()}`,
      headers: { 'content-type': FORM, 'content-length': '16' },
      body: `CommandContent=${CommandContent}`,
    }
    expect((await send(server.port, request)).status).toBe(200)
  })
})

describe('methods and connections', () => {
  it.each(['DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS'])('%s is not supported', async (method) => {
    await using server = await startToyServer()
    const body = method === 'PUT' ? 'x'.repeat(200_000) : ''
    const answer = await send(server.port, { method, path: '/?Format=JSON', body })
    expect(answer.status).toBe(400)
    if (method !== 'HEAD') expect(codeOf(answer.body)).toBe('UnsupportedHTTPMethod')
  })

  it('calls beyond the limit are told to come back', async () => {
    await using server = await startToyServer({ settings: { maxCalls: 1 } })
    const held = connect(server.port, '127.0.0.1')
    held.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc')
    await vi.waitFor(async () => {
      const { status, headers, body } = await send(server.port, v1Request({ Action: 'DescribeRegions' }))
      expect(codeOf(body)).toBe('Throttling')
      expect(status).toBe(400)
      expect(headers['x-acs-retry-after']).toBe('1000')
    })
    held.destroy()
    await vi.waitFor(async () =>
      expect((await send(server.port, v1Request({ Action: 'DescribeRegions' }))).status).toBe(200),
    )
  })

  it('bodies together hold no more than the limit', async () => {
    await using server = await startToyServer({ settings: { maxHeldBytes: 10_000 } })
    const { status, body } = await send(server.port, post('x'.repeat(20_000)))
    expect(status).toBe(400)
    expect(codeOf(body)).toBe('Throttling')
    // What a call held is given back when it is over.
    let held = 0
    while (held < 30_000) {
      const small = new URLSearchParams(signV1(RUN, { method: 'POST' })).toString()
      expect((await send(server.port, post(small))).status).toBe(200)
      held += small.length
    }
  })

  it('stopping refuses new calls and waits for the one under way', async () => {
    let release: (() => void) | undefined
    const slow = await startToyServer({
      access: {
        ...createToyAccess(),
        permissions: { allowed: () => new Promise((resolve) => (release = () => resolve(true))) },
      },
    })
    const underWay = send(slow.port, v1Request({ Action: 'DescribeRegions' }))
    await vi.waitFor(() => expect(release).toBeDefined())
    const stopped = slow.door.stop()
    const refused = await send(slow.port, v1Request({ Action: 'DescribeRegions' }))
    expect(refused.status).toBe(503)
    expect(codeOf(refused.body)).toBe('ServiceUnavailable')
    release?.()
    expect((await underWay).status).toBe(200)
    expect((await underWay).headers.connection).toBe('close')
    await stopped
    await slow[Symbol.asyncDispose]()
  })
})
