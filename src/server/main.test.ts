import { connect, type Socket } from 'node:net'
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
