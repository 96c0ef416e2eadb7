import { connect as connectSecurely, type TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf } from '../tls/issue.js'
import { ask, dial, dialSecurely, readToEnd, readUntil, sendRaw, startTestFront } from './_support.js'
import type { KeyAndCertificate } from './listener.js'

let ca: string
let leaf: KeyAndCertificate
let nextLeaf: KeyAndCertificate

beforeAll(async () => {
  const authority = await issueAuthority(['assist.example', '127.0.0.1'], Date.now())
  ca = authority.certificatePem
  leaf = await issueLeaf(authority, ['assist.example'], Date.now())
  nextLeaf = await issueLeaf(authority, ['assist.example'], Date.now())
})

const serialOf = (socket: unknown): string => (socket as TLSSocket).getPeerCertificate().serialNumber

const settings = { publicHosts: ['assist.example'] }

describe('the TLS listener', () => {
  it('serves HTTP/1.1, and says that requests on it are secure', async () => {
    await using test = await startTestFront({ settings, tls: leaf })
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const options = { port: test.tlsPort, host: '127.0.0.1', ca, servername: 'assist.example' }
      const dialled = connectSecurely({ ...options, ALPNProtocols: ['h2', 'http/1.1'] }, () => resolve(dialled))
      dialled.once('error', reject)
    })
    expect(socket.alpnProtocol).toBe('http/1.1')
    const answer = readToEnd(socket)
    socket.write(`GET /luban/x HTTP/1.1\r\nHost: assist.example:${test.tlsPort}\r\nConnection: close\r\n\r\n`)
    expect(await answer).toContain('gateway GET /luban/x 0')
    expect(test.peers).toEqual([{ address: '127.0.0.1', secure: true, loopback: true }])
    expect(await ask(test.plainPort, '/')).toContain('api GET')
    expect(test.peers[1]?.secure).toBe(false)
  })

  it('is open before it has a certificate: connections wait for their handshake', async () => {
    let give: (certificate: KeyAndCertificate) => void = () => undefined
    const tls = new Promise<KeyAndCertificate>((resolve) => (give = resolve))
    await using test = await startTestFront({ settings, tls })
    const early = Array.from({ length: 50 }, () => dialSecurely(test.tlsPort, ca, 'assist.example'))
    const gone = await dial(test.tlsPort)
    gone.destroy()
    // All have arrived: this one came last, on the other listener.
    expect(await ask(test.plainPort, '/healthz')).toContain('telemetry /healthz')
    expect(test.front.listening).toBe(true)
    give(leaf)
    for (const socket of [...(await Promise.all(early)), await dialSecurely(test.tlsPort, ca, 'assist.example')]) {
      const answer = readToEnd(socket)
      socket.write(`GET /luban/x HTTP/1.1\r\nHost: assist.example\r\nConnection: close\r\n\r\n`)
      expect(await answer).toContain('gateway GET /luban/x 0')
    }
  })

  it('closes what waits for a certificate that does not come', async () => {
    let fail: (cause: Error) => void = () => undefined
    const tls = new Promise<KeyAndCertificate>((_, reject) => (fail = reject))
    await using test = await startTestFront({ settings, tls })
    const end = readToEnd(await dial(test.tlsPort))
    fail(new Error('no store'))
    expect(await end).toBe('')
  })

  it('shows a new certificate to new connections without a restart, and leaves the old ones', async () => {
    await using test = await startTestFront({ settings, tls: leaf })
    const old = await dialSecurely(test.tlsPort, ca, 'assist.example')
    const before = serialOf(old)
    test.front.setTls(nextLeaf)
    const fresh = await dialSecurely(test.tlsPort, ca, 'assist.example')
    expect(serialOf(fresh)).not.toBe(before)
    const answer = readUntil(old, 'api GET / 0')
    old.write('GET / HTTP/1.1\r\nHost: assist.example\r\n\r\n')
    await answer
    fresh.destroy()
    old.destroy()
  })

  it('closes what is no TLS and goes on', async () => {
    await using test = await startTestFront({ settings, tls: leaf })
    await sendRaw(test.tlsPort, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await sendRaw(test.tlsPort, Buffer.alloc(3_000, 0x16))
    expect(test.events).toEqual([
      expect.stringMatching(/^failed tls ERR_SSL/),
      expect.stringMatching(/^failed tls ERR_SSL/),
    ])
    const socket = await dialSecurely(test.tlsPort, ca, 'assist.example')
    socket.destroy()
  })

  it('serves a request that asks for another protocol, and hands websockets over', async () => {
    await using test = await startTestFront({ settings, tls: leaf })
    const socket = await dialSecurely(test.tlsPort, ca, 'assist.example')
    const answer = readToEnd(socket)
    socket.write(
      'POST /a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello',
    )
    expect(await answer).toContain('api POST /a 5')
    const agent = await dialSecurely(test.tlsPort, ca, 'assist.example')
    const opened = readUntil(agent, '/luban/notify_server')
    agent.write(
      'GET /luban/notify_server HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    await opened
    const end = readToEnd(agent)
    await test.front.stop()
    await end
  })

  it('answers malformed HTTP inside TLS', async () => {
    await using test = await startTestFront({ settings, tls: leaf })
    const socket = await dialSecurely(test.tlsPort, ca, 'assist.example')
    const answer = readToEnd(socket)
    socket.write('nonsense\r\n\r\n')
    expect(await answer).toMatch(/^HTTP\/1\.1 400 .*InvalidRequest/s)
  })
})
