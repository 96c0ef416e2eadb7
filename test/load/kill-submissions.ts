// SIGKILL in the middle of a submission. One with many targets is written in parts that nobody sees before the last one
// is (design §4): afterwards it is whole, or no part of it is there.
import { numberOf } from '../../src/server/storage/sql.js'
import { callApi, type Parameters } from './api-client.js'
import type { Ground } from './ground.js'
import { HttpClient } from './http-client.js'
import { answered } from './ledger.js'
import type { Chance } from './random.js'
import { type Phase, runRounds } from './rounds.js'
import { freePort, ServerChild } from './server-child.js'
import { makeHostKey, SimulatedHost } from './simulated-host.js'
import { withReader } from './snapshot.js'

export interface SubmissionKills {
  readonly rounds: number
  /** Of one submission. */
  readonly targets: number
  readonly chance: Chance
  readonly say?: (line: string) => void
}

export interface SubmissionKillResult {
  /** What is neither whole nor absent: when it was found, and what the server said. */
  readonly wrong: readonly string[]
  /** Kills that left parts of a submission in the store, for the next server to take back. */
  readonly split: number
}

interface Sent {
  readonly name: string
  readonly parameters: Parameters
  invokeId: string | undefined
}

/** Under way at the same time. */
const SUBMITTERS = 2
/** Registrations and the like at a time. */
const AT_ONCE = 16
/** Hosts that are live when they are submitted to; the others' tasks end at once. */
const LIVE_HOSTS = 40
/** The kill comes so long after the first part was seen. */
const MOST_LATE_MS = 40
/** No submission takes as long. */
const FIRST_PART_MS = 60_000

/** Kills servers that stand on the same ground while they write submissions. */
export const killWithinSubmissions = async (ground: Ground, amount: SubmissionKills): Promise<SubmissionKillResult> => {
  const { chance, say = () => undefined } = amount
  const env = { ...ground.env, OPENASSIST_INSTANCES_PER_INVOCATION: String(amount.targets) }
  const ports = { plain: await freePort(), tls: await freePort() }
  const host = `localhost:${ports.plain}`
  const sent: Sent[] = []
  let hosts: readonly SimulatedHost[] = []
  let split = 0

  const submit = async (http: HttpClient, one: Sent): Promise<void> => {
    one.invokeId = String((await callApi(http, host, 'RunCommand', one.parameters))['InvokeId'])
  }

  /** @returns what is wrong with a submission, as a caller sees it */
  const look = async (http: HttpClient, one: Sent): Promise<readonly string[]> => {
    const { Invocations } = (await callApi(http, host, 'DescribeInvocations', { CommandName: one.name })) as {
      Invocations: { Invocation: readonly { InvokeId: string }[] }
    }
    const ids = Invocations.Invocation.map(({ InvokeId }) => InvokeId)
    if (one.invokeId === undefined && ids.length === 0) return []
    if (ids.length !== 1)
      return [`${one.name} (${one.invokeId ?? 'not acknowledged'}) is there as ${ids.join(', ') || 'nothing'}`]
    const [id = ''] = ids
    if (one.invokeId !== undefined && id !== one.invokeId)
      return [`${one.name} is ${id}, acknowledged was ${one.invokeId}`]
    const page = await callApi(http, host, 'DescribeInvocationResults', { InvokeId: id, PageSize: '1' })
    const { TotalCount } = page['Invocation'] as { TotalCount: number }
    return TotalCount === amount.targets ? [] : [`${one.name} (${id}) has ${TotalCount} of ${amount.targets} tasks`]
  }

  const round = async (kills: number, phase: Phase): Promise<readonly string[]> => {
    phase('starting')
    await using server = await ServerChild.start({ ...ground, env, ports })
    using http = new HttpClient(ports.plain)
    phase('waiting for the sessions of the server before')
    await ground.settled()
    phase('looking for parts')
    const wrong = [...(await server.ask<readonly string[]>('inconsistencies'))]
    for (const one of sent) wrong.push(...(await look(http, one)))
    phase('sending again what was not answered')
    const open = sent.filter(({ invokeId }) => invokeId === undefined)
    for (const one of open) {
      await submit(http, one)
      wrong.push(...(await look(http, one)))
    }
    if (kills === amount.rounds || wrong.length > 0) {
      await server.stop()
      return wrong
    }
    if (hosts.length === 0) {
      phase('registering hosts')
      hosts = await registerHosts(http, host, amount.targets)
    }
    for (const one of hosts.slice(0, LIVE_HOSTS)) await one.beat(http)

    phase('submitting')
    const targets = Object.fromEntries(hosts.map((one, index) => [`InstanceId.${index + 1}`, one.instanceId]))
    const submissions = Array.from({ length: SUBMITTERS }, (_, index): Sent => {
      const name = `split-${kills}-${index}`
      const script = { Name: name, ClientToken: name, Type: 'RunShellScript', CommandContent: `echo ${name}` }
      return { name, parameters: { ...script, ...targets }, invokeId: undefined }
    })
    sent.push(...submissions)
    const answers = Promise.allSettled(submissions.map((one) => answered(() => submit(http, one))))
    await firstPart(ground)
    await new Promise((resolve) => setTimeout(resolve, chance.between(0, MOST_LATE_MS)))
    await server.kill()
    for (const one of await answers) if (one.status === 'rejected') wrong.push(String(one.reason))
    await ground.killed()
    const parts = await countParts(ground)
    if (parts > 0) split += 1
    const acknowledged = submissions.filter(({ invokeId }) => invokeId !== undefined).length
    say(`kill ${kills + 1} of ${amount.rounds}: ${acknowledged} acknowledged, ${parts} tasks of unfinished submissions`)
    return wrong
  }

  return { wrong: await runRounds({ ...amount, logFile: ground.logFile }, round), split }
}

/** Tasks of invocations whose last part is not written. */
const countParts = (ground: Ground): Promise<number> =>
  withReader(ground, async (reader) => {
    const row = await reader.get(
      'select count(*) as amount from task t join invocation i on i.id = t.invocation_id where i.committed = 0',
    )
    return numberOf(row?.['amount'])
  })

/** Resolves when a part of a submission is written. */
const firstPart = (ground: Ground): Promise<void> =>
  withReader(ground, async (reader) => {
    const until = performance.now() + FIRST_PART_MS
    while ((await reader.get('select id from invocation where committed = 0 limit 1')) === undefined) {
      if (performance.now() > until) throw new Error(`no part of a submission was seen within ${FIRST_PART_MS} ms`)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })

const registerHosts = async (http: HttpClient, host: string, count: number): Promise<readonly SimulatedHost[]> => {
  const key = makeHostKey()
  const hosts: SimulatedHost[] = Array.from({ length: count }, (_, index) => new SimulatedHost(index + 1, key))
  const waiting = [...hosts]
  // An activation is for a thousand instances at most.
  while (waiting.length > 0) {
    const batch = waiting.splice(0, 1_000)
    const answer = await callApi(http, host, 'CreateActivation', { InstanceCount: '1000', TimeToLiveInHours: '4' })
    const activation = {
      activationId: String(answer['ActivationId']),
      activationCode: String(answer['ActivationCode']),
    }
    const work = async (): Promise<void> => {
      for (let one = batch.shift(); one !== undefined; one = batch.shift()) await one.register(http, activation)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }
  return hosts
}
