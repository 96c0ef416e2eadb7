import { expect, describe, it } from 'vitest'
import { ask, dial, readToEnd, readUntil, sendRaw, startTestFront, testDoors } from './_support.js'
import { HEADERS_TIMEOUT_MS, KEEP_ALIVE_MS, MAX_HEADERS } from './limits.js'
import type { Doors } from './peer.js'

const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4)
const errorOf = (answer: string) => JSON.parse(bodyOf(answer)) as Record<string, string>

describe('dispatch', () => {
  it('goes by the path to gateway, telemetry or api', async () => {
    await using test = await startTestFront()
    expect(await ask(test.plainPort, '/luban/api/heart-beat?a=1')).toContain('gateway GET /luban/api/heart-beat?a=1 0')
    expect(await ask(test.plainPort, '/healthz')).toContain('telemetry /healthz')
    expect(await ask(test.plainPort, '/readyz?x')).toContain('telemetry /readyz?x')
    expect(await ask(test.plainPort, '/metrics')).toContain('telemetry /metrics')
    expect(await ask(test.plainPort, '/?Action=DescribeRegions')).toContain('api GET /?Action=DescribeRegions 0')
    expect(await ask(test.plainPort, '/lubanish')).toContain('api GET /lubanish 0')
    expect(test.peers.map((peer) => peer.loopback)).toEqual([true, true, true, true, true, true])
  })

  it('takes the absolute form of a target when it names the same host, and no other', async () => {
    await using test = await startTestFront()
    const own = `http://127.0.0.1:${test.plainPort}`
    expect(await ask(test.plainPort, `${own}/luban/x?y`)).toContain('gateway GET /luban/x?y 0')
    expect(await ask(test.plainPort, `${own}?Action=A`)).toContain('api GET /?Action=A 0')
    expect(errorOf(await ask(test.plainPort, 'http://evil.example/luban/x'))['Code']).toBe('InvalidAction.NotFound')
    expect(errorOf(await ask(test.plainPort, '*', {}, 'OPTIONS'))['Code']).toBe('InvalidAction.NotFound')
  })

  it('answers 500 in the documented shape when a door throws, and goes on', async () => {
    await using test = await startTestFront({
      doors: {
        api: () => {
          throw new Error('a bug')
        },
      },
    })
    const answer = await ask(test.plainPort, '/x')
    expect(answer).toMatch(/^HTTP\/1\.1 500 /)
    expect(errorOf(answer)['Code']).toBe('InternalError')
    expect(answer).not.toContain('a bug')
    expect(test.events).toEqual(['door failed /x Error: a bug'])
  })

  it('holds requests and websockets until the doors open, and answers health at once', async () => {
    let open: (doors: Doors) => void = () => undefined
    await using test = await startTestFront({ doors: new Promise<Doors>((resolve) => (open = resolve)) })
    const api = ask(test.plainPort, '/')
    const socket = await dial(test.plainPort)
    const upgraded = readUntil(socket, '/luban/notify_server')
    socket.write(
      `GET /luban/notify_server HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    )
    expect(await ask(test.plainPort, '/healthz')).toContain('telemetry /healthz')
    open(testDoors([]))
    expect(await api).toContain('api GET / 0')
    expect(await upgraded).toContain('101 Switching Protocols')
  })

  it('answers 503 when the doors never open', async () => {
    const failed = Promise.reject<Doors>(new Error('no store'))
    await using test = await startTestFront({ doors: failed })
    const answer = await ask(test.plainPort, '/luban/x')
    expect(answer).toMatch(/^HTTP\/1\.1 503 /)
    expect(errorOf(answer)['Code']).toBe('ServiceUnavailable')
  })
})

describe('a browser is not a caller', () => {
  it('refuses another host, by XML or JSON as the caller reads it', async () => {
    await using test = await startTestFront({ settings: { publicHosts: ['Assist.Example', '2001:db8::7'] } })
    const host = (Host: string) => ({ Host })
    for (const good of [
      'assist.example',
      'ASSIST.example:8443',
      'localhost',
      '[::1]:80',
      '127.9.9.9',
      '[2001:DB8:0::7]',
    ]) {
      expect(await ask(test.plainPort, '/', host(good)), good).toContain('api GET / 0')
    }
    for (const bad of ['evil.example', '192.0.2.1', 'assist.example.evil', '', 'a b', '[::2]']) {
      expect(await ask(test.plainPort, '/', host(bad)), bad).toMatch(/^HTTP\/1\.1 403 /)
    }
    const xml = await ask(test.plainPort, '/?Action=RunCommand', host('evil.example'))
    expect(xml.toLowerCase()).toContain('content-type: text/xml;charset=utf-8\r\n')
    expect(bodyOf(xml)).toMatch(
      /^<\?xml .*<Error><RequestId>[0-9A-F-]{36}<\/RequestId><HostId>evil.example<.*<Code>Forbidden.Host</,
    )
    expect(errorOf(await ask(test.plainPort, '/?Format=json', host('evil.example')))['Code']).toBe('Forbidden.Host')
    const v3 = await ask(test.plainPort, '/?x', { ...host('evil.example:8443'), Authorization: 'ACS3-HMAC-SHA256 x' })
    expect(errorOf(v3)).toMatchObject({ Code: 'Forbidden.Host', HostId: 'evil.example' })
    expect(new Set(test.events)).toEqual(new Set(['refused host']))
  })

  it('refuses a request without a host, and HTTP/1.0 without one', async () => {
    await using test = await startTestFront()
    expect(await sendRaw(test.plainPort, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(
      / 403 .*Forbidden.Host/s,
    )
    expect(await sendRaw(test.plainPort, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/ 403 .*Forbidden.Host/s)
  })

  it('refuses what a web page sends, on every door and for websockets', async () => {
    await using test = await startTestFront()
    for (const target of ['/', '/luban/api/heart-beat', '/healthz', '/metrics']) {
      for (const headers of [
        { Origin: 'https://evil.example' },
        { Origin: 'null' },
        { Origin: `http://127.0.0.1:${test.plainPort}` },
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site' },
      ] as Record<string, string>[]) {
        expect(await ask(test.plainPort, target, headers)).toMatch(/^HTTP\/1\.1 403 .*Forbidden\.Origin/s)
      }
    }
    expect(await ask(test.plainPort, '/', { 'Sec-Fetch-Site': 'none' })).toContain('api GET / 0')
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', Origin: 'https://evil.example' }
    expect(await ask(test.plainPort, '/luban/notify_server', upgrade)).toMatch(/^HTTP\/1\.1 403 .*Forbidden\.Origin/s)
    expect(test.peers.length).toBe(1)
  })

  it('lets a configured origin in, by its own name only', async () => {
    await using test = await startTestFront({ settings: { allowedOrigins: ['https://console.example'] } })
    const own = { Origin: 'https://console.example', 'Sec-Fetch-Site': 'cross-site' }
    const answer = await ask(test.plainPort, '/', own)
    expect(answer).toContain('api GET / 0')
    expect(answer.toLowerCase()).toContain('access-control-allow-origin: https://console.example\r\n')
    const preflight = await ask(
      test.plainPort,
      '/',
      { ...own, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-acs-action' },
      'OPTIONS',
    )
    expect(preflight).toMatch(/^HTTP\/1\.1 204 /)
    expect(preflight.toLowerCase()).toContain('access-control-allow-headers: x-acs-action\r\n')
    expect(await ask(test.plainPort, '/', { Origin: 'https://console.example.evil' })).toMatch(/ 403 /)
  })
})

describe('limits', () => {
  it('takes 256 KiB of URL, and answers more with an error that SDKs can read', async () => {
    await using test = await startTestFront()
    expect(await ask(test.plainPort, `/?x=${'a'.repeat(250_000)}`)).toContain('api GET /?x=aaa')
    const answer = await ask(test.plainPort, `/?x=${'a'.repeat(300_000)}`)
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
    expect(errorOf(answer)['Code']).toBe('RequestHeaderTooLarge')
    expect(test.events).toEqual(['refused too-large'])
  })

  it('refuses more headers than it reads, rather than reading some', async () => {
    await using test = await startTestFront()
    const many = Array.from({ length: MAX_HEADERS }, (_, index) => `x-${index}: 1\r\n`).join('')
    const request = `GET / HTTP/1.1\r\nHost: localhost\r\n${many}Origin: https://evil.example\r\nConnection: close\r\n\r\n`
    expect(await sendRaw(test.plainPort, request)).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('answers bytes that are no HTTP, and HTTP that is malformed', async () => {
    await using test = await startTestFront()
    for (const bytes of [
      '\x16\x03\x01\x02\x00\x01\x00',
      'nonsense\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n',
    ]) {
      const answer = await sendRaw(test.plainPort, bytes)
      expect(answer, bytes).toMatch(/^HTTP\/1\.1 400 .*"Code":"InvalidRequest"/s)
    }
    const connect = await sendRaw(test.plainPort, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n')
    expect(connect).toMatch(/^HTTP\/1\.1 400 /)
    expect(errorOf(connect)).toMatchObject({ Code: 'UnsupportedHTTPMethod', HostId: 'localhost' })
    expect(await ask(test.plainPort, '/', { Expect: 'everything' })).toMatch(/^HTTP\/1\.1 417 /)
    expect(await ask(test.plainPort, '/')).toContain('api GET / 0')
  })

  it('reads the small body of a refused request, so that the connection serves the next one', async () => {
    await using test = await startTestFront()
    const socket = await dial(test.plainPort)
    const answers = readToEnd(socket)
    socket.write('POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5\r\n\r\nhello')
    socket.write('GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    expect(await answers).toMatch(/^HTTP\/1\.1 403 .*HTTP\/1\.1 200 .*api GET \/next 0/s)
  })

  it('keeps idle connections longer than the agent does, and gives headers a limit', () => {
    expect(KEEP_ALIVE_MS).toBeGreaterThan(90_000)
    expect(HEADERS_TIMEOUT_MS).toBeLessThanOrEqual(30_000)
  })

  it('closes connections over the cap and serves those under it', async () => {
    await using test = await startTestFront({ settings: { maxConnections: 2 } })
    const first = await dial(test.plainPort)
    const second = await dial(test.plainPort)
    const third = await dial(test.plainPort)
    await readToEnd(third)
    expect(test.events).toEqual(['dropped plain'])
    const answer = readUntil(second, 'api GET')
    second.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await answer
    first.destroy()
  })
})

describe('upgrades', () => {
  it('serves a request that asks for another protocol as the plain request it is, with its body', async () => {
    await using test = await startTestFront()
    const socket = await dial(test.plainPort)
    const answers = readToEnd(socket)
    socket.write(
      'POST /?a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n' +
        'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: 11\r\n\r\nhello',
    )
    socket.write(' world')
    socket.write('GET /luban/next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    expect(await answers).toMatch(/api POST \/\?a 11.*gateway GET \/luban\/next 0/s)
  })

  it('hands websockets below /luban/ to the gateway with what came after the headers, others to the api', async () => {
    await using test = await startTestFront()
    const upgrade = (path: string) =>
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst`
    const socket = await dial(test.plainPort)
    const answer = readUntil(socket, 'first')
    socket.write(upgrade('/luban/notify_server'))
    expect(await answer).toContain('/luban/notify_server first')
    const other = await ask(test.plainPort, '/socket', { Connection: 'Upgrade, close', Upgrade: 'websocket' })
    expect(other).toContain('api GET /socket 0')
  })
})

describe('stopping', () => {
  it('lets running requests end, says close, and destroys idle and upgraded sockets', async () => {
    let answer: () => void = () => undefined
    let asked: () => void = () => undefined
    const arrived = new Promise<void>((resolve) => (asked = resolve))
    const test = await startTestFront({
      doors: {
        api: (_request, response) => {
          answer = () => response.end('late')
          asked()
        },
      },
    })
    const idle = await dial(test.plainPort)
    const idleEnd = readToEnd(idle)
    const upgraded = await dial(test.plainPort)
    const opened = readUntil(upgraded, '101')
    upgraded.write(
      'GET /luban/notify_server HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    await opened
    const upgradedEnd = readToEnd(upgraded)
    const running = await dial(test.plainPort)
    const runningEnd = readToEnd(running)
    running.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await arrived
    const stopped = test.front.stop()
    expect(test.front.listening).toBe(false)
    await expect(dial(test.plainPort)).rejects.toThrow('ECONNREFUSED')
    answer()
    expect(await runningEnd).toContain('late')
    await Promise.all([stopped, idleEnd, upgradedEnd])
  })

  it('does not wait longer than it was told', async () => {
    const arrived: (() => void)[] = []
    const waiting = new Promise<void>((resolve) => arrived.push(resolve))
    const test = await startTestFront({ doors: { api: () => arrived[0]?.() } })
    const socket = await dial(test.plainPort)
    const end = readToEnd(socket)
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await waiting
    await test.front.stop({ drainMs: 10 })
    expect(await end).toBe('')
  })

  it('says which address is taken and what to change', async () => {
    await using test = await startTestFront()
    const taken = { host: '127.0.0.1', port: test.plainPort }
    await expect(startTestFront({ settings: { listen: taken } })).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${test.plainPort}: another program does. Choose another address with --listen.`,
    )
  })
})
