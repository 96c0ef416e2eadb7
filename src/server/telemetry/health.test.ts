import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { Peer } from '../front/peer.js'
import { healthDoor } from './health.js'
import type { Watched } from './telemetry.js'

const LOCAL: Peer = { address: '127.0.0.1', secure: false, loopback: true }
const REMOTE: Peer = { address: '192.0.2.1', secure: true, loopback: false }

interface State {
  now: number
  peer: Peer
  watched: Watched | undefined
  probes: number
  exposed: number
}

/** The door on a real server. */
const open = async (remoteMetrics = false) => {
  const state: State = { now: 0, peer: LOCAL, watched: undefined, probes: 0, exposed: 0 }
  const door = healthDoor({
    metrics: {
      expose: () => {
        state.exposed += 1
        return Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'a 1\n' })
      },
    },
    watched: () => state.watched,
    remoteMetrics,
    now: () => state.now,
  })
  const server = createServer((request, response) => door(request, response, state.peer))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    state,
    ask: async (path: string, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { connection: 'close' } })
      return { status: response.status, text: await response.text(), type: response.headers.get('content-type') }
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const watchedIn = (state: State, storeAnswers: () => Promise<void> = () => Promise.resolve()): Watched => ({
  connectedAgents: () => 0,
  unreachableAgents: () => 0,
  certificateExpiresAt: () => undefined,
  storeAnswers: () => {
    state.probes += 1
    return storeAnswers()
  },
  listening: () => true,
})

describe('/healthz', () => {
  it('says ok from the start, to GET and HEAD only', async () => {
    await using test = await open()
    expect(await test.ask('/healthz?x=1')).toMatchObject({ status: 200, text: 'ok\n' })
    expect(await test.ask('/healthz', 'HEAD')).toMatchObject({ status: 200, text: '' })
    expect(await test.ask('/healthz', 'POST')).toMatchObject({ status: 405 })
  })
})

describe('/readyz', () => {
  it('says no while the server starts, while its store does not answer, and when it stops', async () => {
    await using test = await open()
    const { state } = test
    expect(await test.ask('/readyz')).toMatchObject({ status: 503, text: 'starting\n' })
    state.watched = watchedIn(state)
    expect(await test.ask('/readyz')).toMatchObject({ status: 200, text: 'ok\n' })
    state.watched = watchedIn(state, () => Promise.reject(new Error('gone: postgres://user:hunter2@db')))
    state.now += 2_000
    expect(await test.ask('/readyz')).toMatchObject({ status: 503, text: 'the store does not answer\n' })
    state.watched = { ...watchedIn(state), listening: () => false }
    expect(await test.ask('/readyz')).toMatchObject({ status: 503, text: 'stopping\n' })
  })

  it('asks the store once for all who ask within a second', async () => {
    await using test = await open()
    test.state.watched = watchedIn(test.state)
    await Promise.all(Array.from({ length: 20 }, () => test.ask('/readyz')))
    expect(test.state.probes).toBe(1)
    test.state.now += 1_001
    await test.ask('/readyz')
    expect(test.state.probes).toBe(2)
  })
})

describe('/metrics', () => {
  it('are told to this host only', async () => {
    await using test = await open()
    expect(await test.ask('/metrics')).toEqual({ status: 200, text: 'a 1\n', type: 'text/plain; version=0.0.4' })
    test.state.peer = REMOTE
    expect(await test.ask('/metrics')).toMatchObject({ status: 403 })
  })

  it('are told to others when the operator opened them, and made once in a second', async () => {
    await using test = await open(true)
    test.state.peer = REMOTE
    await Promise.all(Array.from({ length: 20 }, () => test.ask('/metrics')))
    expect(await test.ask('/metrics')).toMatchObject({ status: 200 })
    expect(test.state.exposed).toBe(1)
  })
})
