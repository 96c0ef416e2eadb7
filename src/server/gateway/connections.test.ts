import { describe, expect, it } from 'vitest'
import { CLOSE, Connections, type PushSocket } from './connections.js'
import type { GatewayEvent } from './gateway-event.js'

class TestSocket implements PushSocket {
  bufferedBytes = 0
  readonly said: string[] = []
  send(text: string): void {
    this.said.push(text)
  }
  ping(): void {
    this.said.push('ping')
  }
  close(code: number, reason: string): void {
    this.said.push(`close ${code} ${reason}`)
  }
  terminate(): void {
    this.said.push('terminate')
  }
}

const TICKS_PER_PING = 4

const desk = () => {
  const events: GatewayEvent[] = []
  const heard: string[] = []
  const disconnected: string[] = []
  let generation = 0
  const connections = new Connections(
    { maxBufferedBytes: 100, maxFramesPerPing: 5 },
    {
      heard: (instanceId) => heard.push(instanceId),
      connected: () => ++generation,
      disconnected: (instanceId, ended) => disconnected.push(`${instanceId} ${ended}`),
    },
    (event) => events.push(event),
    TICKS_PER_PING,
  )
  const round = (): void => {
    for (let tick = 0; tick < TICKS_PER_PING; tick++) connections.advance()
  }
  return { connections, events, heard, disconnected, round }
}

describe('connections', () => {
  it('are pinged once a period, spread over it', () => {
    const { connections } = desk()
    const sockets = Array.from({ length: 8 }, () => new TestSocket())
    sockets.forEach((socket, index) => connections.open(`mi-${index}`, socket))
    for (let tick = 0; tick < TICKS_PER_PING; tick++) {
      connections.advance()
      expect(sockets.filter((socket) => socket.said.length === 1)).toHaveLength(2 * (tick + 1))
    }
  })

  it('end after two unanswered pings, and not as long as anything is heard', () => {
    const { connections, round, events, disconnected } = desk()
    const [silent, alive] = [new TestSocket(), new TestSocket()]
    const silentConnection = connections.open('mi-silent', silent)
    const aliveConnection = connections.open('mi-alive', alive)
    for (let rounds = 0; rounds < 3; rounds++) {
      round()
      connections.heard(aliveConnection)
    }
    expect(silent.said).toEqual(['ping', 'ping', 'terminate'])
    expect(alive.said).toEqual(['ping', 'ping', 'ping'])
    connections.closed(silentConnection, 'closed with 1006')
    expect(events.at(-1)).toEqual({ kind: 'disconnected', instanceId: 'mi-silent', reason: 'two pings unanswered' })
    expect(disconnected).toEqual(['mi-silent 1'])
    expect(connections.size).toBe(1)
  })

  it('are replaced by the newest of their host, and a late end of the old one changes nothing', () => {
    const { connections, disconnected } = desk()
    const [first, second] = [new TestSocket(), new TestSocket()]
    const before = connections.open('mi-1', first)
    const after = connections.open('mi-1', second)
    expect(first.said).toEqual([`close ${CLOSE.replaced} a newer connection of this host`])
    connections.send('mi-1', 'kick_vm')
    expect(second.said).toEqual(['kick_vm'])
    connections.closed(before, 'closed')
    expect(connections.find('mi-1')).toBe(after)
    expect(disconnected).toEqual(['mi-1 1'])
    expect(after.generation).toBeGreaterThan(before.generation)
  })

  it('of one host are never more than its newest one and one that is being closed', () => {
    const { connections } = desk()
    const sockets = Array.from({ length: 5 }, () => new TestSocket())
    const opened = sockets.map((socket) => connections.open('mi-1', socket))
    expect(sockets.map((socket) => socket.said.includes('terminate'))).toEqual([true, true, true, false, false])
    for (const connection of opened.slice(0, 4)) connections.closed(connection, 'closed')
    connections.open('mi-1', new TestSocket())
    expect(sockets[4]?.said).toEqual([`close ${CLOSE.replaced} a newer connection of this host`])
  })

  it('whose agent does not read are ended with that reason, and nothing more is sent to them', () => {
    const { connections, events } = desk()
    const socket = new TestSocket()
    const connection = connections.open('mi-1', socket)
    socket.bufferedBytes = 101
    expect(connections.send('mi-1', 'kick_vm')).toBe(false)
    expect(connections.heard(connection)).toBe(false)
    expect(socket.said).toEqual(['terminate'])
    connections.closed(connection, 'closed with 1006')
    expect(events.at(-1)).toMatchObject({ reason: 'slow consumer' })
  })

  it('whose agent sends too many frames are ended with that reason', () => {
    const { connections, heard, round } = desk()
    const socket = new TestSocket()
    const connection = connections.open('mi-1', socket)
    for (let frames = 0; frames < 5; frames++) expect(connections.heard(connection)).toBe(true)
    round()
    for (let frames = 0; frames < 5; frames++) expect(connections.heard(connection)).toBe(true)
    expect(connections.heard(connection)).toBe(false)
    expect(socket.said.at(-1)).toBe(`close ${CLOSE.policy} too many frames`)
    expect(heard).toHaveLength(10)
  })

  it('say goodbye to all, some in each turn', async () => {
    const { connections } = desk()
    const sockets = Array.from({ length: 450 }, () => new TestSocket())
    sockets.forEach((socket, index) => connections.open(`mi-${index}`, socket))
    let turns = 0
    await connections.closeAll(CLOSE.goingAway, 'bye', async () => void (turns += 1))
    expect(sockets.every((socket) => socket.said.join() === 'close 1001 bye')).toBe(true)
    expect(turns).toBe(2)
  })
})
