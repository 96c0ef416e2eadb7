// kill -9 of the server and of agents while one invocation runs on a thousand hosts, again and again on the same data.
import { callApi } from './api-client.js'
import { Machine } from './fleet.js'
import type { Ground } from './ground.js'
import { HttpClient, Unanswered } from './http-client.js'
import type { Chance } from './random.js'
import { runRounds } from './rounds.js'
import { freePort, ServerChild } from './server-child.js'
import { type HostKey, makeHostKey, SimulatedHost } from './simulated-host.js'

export interface FleetAmount {
  readonly rounds: number
  readonly hosts: number
  readonly chance: Chance
  readonly say?: (line: string) => void
}

export interface FleetResult {
  readonly wrong: readonly string[]
  /** Ends of tasks that were looked at. */
  readonly ends: number
  readonly serverKills: number
  readonly agentKills: number
}

/** Agents that ask and report at a time. */
const AT_ONCE = 48
/** Between a submission and a kill, at most. */
const MOST_BEFORE_KILL_MS = 2_500
/** Of the agents, those that a kill of agents hits. */
const SHARE_KILLED = 0.3
/** A task that is not over by then never will be: the longest deadline is a minute (design §5). */
const MOST_MS = 180_000

interface Row {
  readonly InstanceId: string
  readonly InvocationStatus: string
  readonly ExitCode?: number
  readonly ErrorCode: string
}

const OPEN = new Set(['Pending', 'Running', 'Stopping', 'Scheduled'])

/** Kills on this ground. Each round has an invocation on all hosts, and ends when every task of it is over. */
export const killFleet = async (ground: Ground, amount: FleetAmount): Promise<FleetResult> => {
  const { chance, hosts, say = () => undefined } = amount
  const ports = { plain: await freePort(), tls: await freePort() }
  const host = `localhost:${ports.plain}`
  const keys: readonly HostKey[] = Array.from({ length: 4 }, makeHostKey)
  const machines: Machine[] = []
  const counts = { ends: 0, serverKills: 0, agentKills: 0 }
  const env = { ...ground.env, OPENASSIST_INSTANCES_PER_INVOCATION: String(hosts) }
  const start = (): Promise<ServerChild> => ServerChild.start({ ...ground, env, ports })
  let server: ServerChild | undefined

  /** Kills what there is to kill at a moment of chance. */
  const killSomething = async (): Promise<void> => {
    await pause(chance.between(0, MOST_BEFORE_KILL_MS))
    const what = chance.pick(['server', 'agents', 'both'] as const)
    if (what !== 'server') {
      for (const machine of machines) {
        if (!chance.chance(SHARE_KILLED)) continue
        machine.killAgent()
        counts.agentKills += 1
      }
    }
    if (what === 'agents') return
    counts.serverKills += 1
    await server?.kill()
    await ground.killed()
    server = await start()
    await ground.settled()
  }

  const round = async (number: number, phase: (name: string) => void): Promise<readonly string[]> => {
    const isLast = number === amount.rounds
    using http = new HttpClient(ports.plain)
    server ??= await start()
    if (machines.length === 0) {
      phase('registering hosts')
      await register(http, host, machines, hosts, keys, chance)
    }
    if (isLast) {
      phase('looking for contradictions at the end')
      return server.ask<readonly string[]>('inconsistencies')
    }
    phase('submitting')
    const name = `fleet-${number}`
    const named = Object.fromEntries(machines.map((one, at) => [`InstanceId.${at + 1}`, one.host.instanceId]))
    const script = { Type: 'RunShellScript', CommandContent: 'echo', Timeout: '600', Name: name, ClientToken: name }
    // Sent until it is answered: the token makes one of it.
    const submit = async (): Promise<string> => {
      for (;;) {
        try {
          return String((await callApi(http, host, 'RunCommand', { ...named, ...script }))['InvokeId'])
        } catch (cause) {
          if (!(cause instanceof Unanswered)) throw cause
          await pause(20)
        }
      }
    }
    const kill = killSomething()
    const invokeId = await submit()
    phase('working')
    let isOver = false
    const work = workOn(machines, http, () => isOver)
    await kill
    phase('waiting for every end')
    const rows = await whenOver(http, host, invokeId).finally(() => (isOver = true))
    await work
    phase('comparing')
    counts.ends += rows.length
    say(`kill ${number + 1} of ${amount.rounds}: ${told(rows)}`)
    const contradictions = number % 5 === 4 ? await server.ask<readonly string[]>('inconsistencies') : []
    return [...judge(invokeId, machines, rows), ...contradictions]
  }

  try {
    return { wrong: await runRounds({ ...amount, logFile: ground.logFile }, round), ...counts }
  } finally {
    await server?.stop()
  }
}

const register = async (
  http: HttpClient,
  host: string,
  machines: Machine[],
  hosts: number,
  keys: readonly HostKey[],
  chance: Chance,
): Promise<void> => {
  const permit = await callApi(http, host, 'CreateActivation', { InstanceCount: '1000', TimeToLiveInHours: '4' })
  const activation = {
    activationId: String(permit['ActivationId']),
    activationCode: String(permit['ActivationCode']),
  }
  await eachAtOnce(
    Array.from({ length: hosts }, (_, at) => at),
    async (at) => {
      const made = new SimulatedHost(at, keys[at % keys.length] as HostKey)
      await made.register(http, activation)
      await made.beat(http)
      machines.push(new Machine(made, chance))
    },
  )
}

/** All agents live until it is over; those whose server is away try again. */
const workOn = async (machines: readonly Machine[], http: HttpClient, isOver: () => boolean): Promise<void> => {
  let next = 0
  const worker = async (): Promise<void> => {
    while (!isOver()) {
      const machine = machines[next % machines.length] as Machine
      next += 1
      if (!(await machine.live(http))) await pause(50)
      // Once all was asked, agents ask again now and then: they hold no socket by which they would be kicked.
      if (next % machines.length === 0) await pause(200)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** The tasks of an invocation when all are over. */
const whenOver = async (http: HttpClient, host: string, invokeId: string): Promise<readonly Row[]> => {
  const until = performance.now() + MOST_MS
  for (;;) {
    const rows = await rowsOf(http, host, invokeId).catch((cause: unknown) => {
      if (cause instanceof Unanswered) return []
      throw cause
    })
    if (rows.length > 0 && rows.every(({ InvocationStatus }) => !OPEN.has(InvocationStatus))) return rows
    if (performance.now() > until) throw new Error(`${invokeId} is not over after ${MOST_MS} ms: ${told(rows)}`)
    await pause(250)
  }
}

const rowsOf = async (http: HttpClient, host: string, invokeId: string): Promise<readonly Row[]> => {
  const answer = await callApi(http, host, 'DescribeInvocations', { InvokeId: invokeId })
  const { Invocation } = answer['Invocations'] as {
    Invocation: readonly { InvokeInstances: { InvokeInstance: readonly Row[] } }[]
  }
  return Invocation[0]?.InvokeInstances.InvokeInstance ?? []
}

/** No task is lost, none ran twice, none is told as something that was never reported. */
const judge = (invokeId: string, machines: readonly Machine[], rows: readonly Row[]): readonly string[] => {
  const wrong: string[] = []
  const found = new Map(rows.map((row) => [row.InstanceId, row]))
  if (rows.length !== machines.length) wrong.push(`${invokeId} has ${rows.length} tasks, not ${machines.length}`)
  for (const { host, deeds } of machines) {
    const row = found.get(host.instanceId)
    const deed = deeds.get(invokeId)
    const fail = (what: string): void =>
      void wrong.push(`${invokeId} on ${host.instanceId} is ${row?.InvocationStatus} ${row?.ErrorCode}: ${what}`)
    if (row === undefined) {
      fail('its task is gone')
      continue
    }
    if ((deed?.runs ?? 0) > 1) fail(`it ran ${deed?.runs} times`)
    const ended = deed === undefined ? undefined : deed.exitCode === 0 ? 'Success' : 'Failed'
    if (row.InvocationStatus === 'Success' || row.InvocationStatus === 'Failed') {
      if (deed?.sent !== true) fail('nobody reported an end')
      else if (row.InvocationStatus !== ended || row.ExitCode !== deed.exitCode) fail(`it ended with ${deed.exitCode}`)
    } else if (deed?.acknowledged === true) fail(`its end with ${deed.exitCode} was acknowledged`)
    else if (row.InvocationStatus === 'Aborted' && deed !== undefined) fail('it ran')
  }
  return wrong
}

/** `Success 903, Error ClientRestarted 97` */
const told = (rows: readonly Row[]): string => {
  const counts = new Map<string, number>()
  for (const { InvocationStatus, ErrorCode } of rows) {
    const state = InvocationStatus === 'Failed' ? InvocationStatus : `${InvocationStatus} ${ErrorCode}`.trim()
    counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return [...counts].map(([state, count]) => `${state} ${count}`).join(', ')
}

const eachAtOnce = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const waiting = [...items]
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))
