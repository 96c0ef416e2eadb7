import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { messages } from '../../src/protocol/messages/index.js'
import { callApi } from '../load/api-client.js'
import { HttpClient } from '../load/http-client.js'
import { freePort, ServerChild } from '../load/server-child.js'
import { makeHostKey, SimulatedHost, USER_AGENT } from '../load/simulated-host.js'

// A captured signature (design D2), when the server that remembers it is killed.

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'openassist-replay-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('a signature that was accepted just before a SIGKILL', () => {
  it('is not accepted by the next process, and the host’s next one is', async () => {
    const ports = { plain: await freePort(), tls: 0 }
    using http = new HttpClient(ports.plain)
    const host = new SimulatedHost(1, makeHostKey())
    const { path } = messages.taskList
    const captured: Record<string, string>[] = []
    const send = async (headers: Record<string, string>): Promise<number> =>
      (await http.ask({ method: 'POST', path: `${path}?reason=kickoff`, headers })).status
    const capture = (): Record<string, string> => {
      const headers = { host: 'localhost', 'user-agent': USER_AGENT, ...host.signed() }
      captured.push(headers)
      return headers
    }

    const first = await ServerChild.start({ dataDir: directory, ports })
    const permit = await callApi(http, `127.0.0.1:${ports.plain}`, 'CreateActivation', { InstanceCount: '1' })
    await host.register(http, {
      activationId: String(permit['ActivationId']),
      activationCode: String(permit['ActivationCode']),
    })
    for (let count = 0; count < 20; count += 1) expect(await send(capture())).toBe(200)
    expect(await send(captured[3] ?? {})).toBe(401)
    await first.kill()

    await using _second = await ServerChild.start({ dataDir: directory, ports })
    for (const headers of captured) expect(await send(headers)).toBe(401)
    expect(await send(capture())).toBe(200)
    await host.beat(http)
    for (const headers of captured) expect(await send(headers)).toBe(401)
  })
})
