import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { callApi, Refused } from '../load/api-client.js'
import { HttpClient } from '../load/http-client.js'
import { ServerChild } from '../load/server-child.js'
import { makeHostKey, SimulatedHost } from '../load/simulated-host.js'
import { createDatabase } from '../postgres/database.js'
import { startPostgres } from '../postgres/server.js'

const LIMIT_MS = 60_000

/** Of the whole: each of its steps may take LIMIT_MS. */
const WHOLE_MS = 6 * LIMIT_MS

it('a server outlives its PostgreSQL, says so meanwhile, and goes on by itself with all that it acknowledged', {
  timeout: WHOLE_MS,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openassist-outage-'))
  const keyFile = join(directory, 'cluster.key')
  writeFileSync(keyFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  try {
    await using postgres = await startPostgres({ fsync: true })
    const database = await createDatabase(postgres.url)
    const env = { OPENASSIST_DATABASE: database.url, OPENASSIST_KEY_FILE: keyFile }
    const logFile = join(directory, 'server.log')
    await using server = await ServerChild.start({ dataDir: directory, env, logFile })
    const port = server.ready.plainPort
    using http = new HttpClient(port)
    const host = `localhost:${port}`
    const activation = await callApi(http, host, 'CreateActivation', { InstanceCount: '10', TimeToLiveInHours: '4' })
    const agent = new SimulatedHost(1, makeHostKey())
    await agent.register(http, {
      activationId: String(activation['ActivationId']),
      activationCode: String(activation['ActivationCode']),
    })
    await agent.beat(http)

    const acknowledged: string[] = []
    const refusals = new Set<string>()
    let ended = false
    let sinceOutage = 0
    const keepCalling = async (): Promise<void> => {
      while (!ended) {
        try {
          const run = { 'InstanceId.1': agent.instanceId, Type: 'RunShellScript', CommandContent: 'true' }
          acknowledged.push(String((await callApi(http, host, 'RunCommand', run))['InvokeId']))
          await callApi(http, host, 'DescribeInvocations', { PageSize: '1' })
          sinceOutage += 1
        } catch (cause) {
          // A server that ended is told of by `until`.
          if (!(cause instanceof Refused)) return
          refusals.add(`${cause.status} ${cause.code}`)
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
    }
    const until = async (reached: () => boolean, what: string): Promise<void> => {
      const limit = performance.now() + LIMIT_MS
      while (!reached()) {
        if (!server.running) throw new Error(`the server ended:\n${readFileSync(logFile, 'utf8').slice(-3_000)}`)
        if (performance.now() > limit) throw new Error(`${what}: not within ${LIMIT_MS} ms`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const calls = Array.from({ length: 12 }, keepCalling)
    try {
      for (let outage = 0; outage < 3; outage += 1) {
        sinceOutage = 0
        await until(() => sinceOutage > 20, 'calls succeed')
        await postgres.restart()
      }
      sinceOutage = 0
      await until(() => sinceOutage > 20, 'calls succeed after the last outage')
    } finally {
      ended = true
      await Promise.allSettled(calls)
    }
    // Operations that document it say so in their own words.
    const documented = ['503 ServiceUnavailable', '500 InternalError.Dispatch']
    expect([...refusals].filter((refusal) => !documented.includes(refusal))).toEqual([])
    for (const invokeId of acknowledged) {
      const answer = await callApi(http, host, 'DescribeInvocationResults', { InvokeId: invokeId })
      expect(JSON.stringify(answer)).toContain(invokeId)
    }
    expect(await server.ask('inconsistencies')).toEqual([])
    await server.stop()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
