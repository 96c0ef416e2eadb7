import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, TestPlace } from './_support.js'
import { SqliteConnection } from './storage/sqlite/driver.js'

let place: TestPlace
beforeEach(() => {
  place = new TestPlace()
})
afterEach(() => place[Symbol.asyncDispose]())

const portOf = (endpoint: string | undefined): number => Number(new URL(endpoint ?? '').port)

/** A call of which only the headers have come, and what is answered to it in the end. */
const beginCall = async (port: number): Promise<{ socket: Socket; answer: Promise<string> }> => {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('latin1')
  const answer = new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.on('error', () => undefined)
    socket.once('close', () => resolve(text))
  })
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n`
  await new Promise((resolve) => socket.write(`${head}Content-Length: 11\r\n\r\nActi`, resolve))
  return { socket, answer }
}

const savedPresence = (): unknown[] => {
  const connection = new SqliteConnection(join(place.dataDir, 'presence.sqlite'), [])
  try {
    return connection.allSync('select instance_id from presence').map((row) => row['instance_id'])
  } finally {
    connection.close()
  }
}

describe('a stop of the server', () => {
  it('says 1001 to agents at once, answers what was begun, and leaves everything to its successor', async () => {
    const server = await place.serve()
    const { agent, log } = await place.agent(server)
    const { socket, answer } = await beginCall(portOf(server.endpoint))
    // The request has arrived: only then is it one that was begun.
    await fetch(new URL('/healthz', server.endpoint))

    const stopped = server.stop()
    await eventually('the goodbye', () => log.find((line) => line.includes('closed with code 1001')))
    socket.write('on=None')
    expect(await answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nconnection: close\r\n[^]*<Code>/)
    await stopped
    expect(agent.connected).toBe(false)

    expect(savedPresence()).toEqual([agent.instanceId])
    // The store is closed, its lock is free, and the agent comes back by itself.
    const successor = await place.serve({ 'listen-tls': `127.0.0.1:${portOf(server.tlsEndpoint)}` })
    await eventually('the agent again', () => (agent.connected ? true : undefined))
    expect(successor.parts.gateway.connectionCount()).toBe(1)
  })
})

/** A database server that takes connections and says nothing. */
const silentDatabase = async (): Promise<{ url: string; dialled: () => boolean; close: () => void }> => {
  const sockets: Socket[] = []
  const listener = createServer((socket) => sockets.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  return {
    url: `postgres://somebody@127.0.0.1:${port}/none`,
    dialled: () => sockets.length > 0,
    close: () => {
      listener.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const freePort = async (): Promise<number> => {
  const listener = createServer()
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  await new Promise((resolve) => listener.close(resolve))
  return port
}

describe('a start of the server', () => {
  it('listens before the store is open: health is told, calls wait, and are answered 503 if it fails', async () => {
    const database = await silentDatabase()
    const port = await freePort()
    const keyFile = join(place.folder, 'key')
    writeFileSync(keyFile, 'ab'.repeat(32), { mode: 0o600 })
    const started = place.serve({ database: database.url, 'key-file': keyFile, listen: `127.0.0.1:${port}` })
    const failed = expect(started).rejects.toThrow(/^PostgreSQL at 127\.0\.0\.1:\d+\/none cannot be used: ./)
    await eventually('the store is being opened', () => database.dialled() || undefined)

    const url = `http://127.0.0.1:${port}`
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    const ready = await fetch(`${url}/readyz`)
    expect([ready.status, await ready.text()]).toEqual([503, 'starting\n'])
    const { socket, answer } = await beginCall(port)
    socket.write('on=None')
    const heartbeat = fetch(`${url}/luban/api/heart-beat`)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)

    database.close()
    const { status, headers } = await heartbeat
    expect([status, headers.get('connection')]).toEqual([503, 'close'])
    expect(await answer).toMatch(/^HTTP\/1\.1 503 [^]*"Code":"ServiceUnavailable"/)
    await failed
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  })

  it('that fails leaves nothing taken: the next one in the same process finds the directory free', async () => {
    const other = await place.serve()
    const taken = `127.0.0.1:${portOf(other.endpoint)}`
    const dataDir = join(place.folder, 'second')
    await expect(place.serve({ data: dataDir, listen: taken })).rejects.toThrow('another program does')
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(join(dataDir, 'facts.sqlite'), 'This is no database at all, however often one opens it.')
    await expect(place.serve({ data: dataDir })).rejects.toThrow('not a database')
    rmSync(join(dataDir, 'facts.sqlite'))
    const second = await place.serve({ data: dataDir })
    await expect(place.serve({ data: dataDir })).rejects.toThrow('Another server uses the data directory')
    await second.stop()
    await (await place.serve({ data: dataDir })).stop()
  })
})
