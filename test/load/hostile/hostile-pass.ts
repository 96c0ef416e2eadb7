// Generated bad requests against a real server process, over both doors.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { callApi } from '../api-client.js'
import type { Ground } from '../ground.js'
import { HttpClient } from '../http-client.js'
import { Chance } from '../random.js'
import { ServerChild } from '../server-child.js'
import { makeHostKey, SimulatedHost } from '../simulated-host.js'
import { agentAttack, badKeys, type Prey } from './agent-attacks.js'
import { apiAttack } from './api-attacks.js'
import type { Attack } from './attack.js'
import { handshakeAttack } from './handshake-attacks.js'
import { type Listener, RawConnection } from './raw-connection.js'
import { socketAttack } from './socket-attacks.js'
import { type Documented, documented, wrongWith } from './verdict.js'

export interface HostilePass {
  /** What the server stands on. */
  readonly ground: Ground
  /** Its listener that is attacked. */
  readonly listener: 'plain' | 'TLS'
  readonly attacks: number
  /** So many come before the heap is looked at for the first time. */
  readonly warmUp: number
  readonly seed: number
  readonly say?: (line: string) => void
}

export interface HostileResult {
  readonly wrong: readonly string[]
  readonly answered: ReadonlyMap<number | 'closed', number>
  /** Bytes that the server holds more after all than after the warm-up. */
  readonly growth: number
}

const WORKERS = 24
const HOSTS = 64
const MOST_WRONG = 20
/** A connection that was opened too often is no attack of its own. */
const REUSE = 200

export const hostilePass = async (options: HostilePass): Promise<HostileResult> => {
  const { ground, attacks, warmUp, seed, say = () => undefined } = options
  const { logFile } = ground
  await using server = await ServerChild.start(ground)
  const port = server.ready.plainPort
  const secure = options.listener === 'TLS'
  const listener: Listener = secure
    ? { port: server.ready.tlsPort, ca: readFileSync(join(ground.dataDir, 'ca.pem'), 'utf8') }
    : { port }
  using http = new HttpClient(port)
  const prey = await findPrey(http, `localhost:${port}`)
  const known = documented()
  const wrong: string[] = []
  const answered = new Map<number | 'closed', number>()
  let sent = 0

  const work = async (number: number, until: number): Promise<void> => {
    const at = { connection: undefined as RawConnection | undefined, uses: 0 }
    while (sent < until && wrong.length < MOST_WRONG) {
      const index = (sent += 1)
      // Each has its own chance, so that one can be made again alone.
      const attack = attackOf(new Chance(seed + index), known, prey, secure)
      const fault = await run(attack, at, listener, index * WORKERS + number, known, answered).catch(
        (cause: unknown) => `it could not be sent: ${String(cause)}`,
      )
      if (fault !== undefined) wrong.push(`attack ${index} of seed ${seed}, ${attack.kind}: ${fault}`)
      if (index % 10_000 === 0) say(`${index} of ${attacks} bad requests`)
    }
    at.connection?.close()
  }
  const workUntil = (until: number) => Promise.all(Array.from({ length: WORKERS }, (_, index) => work(index, until)))

  await workUntil(warmUp)
  const before = server.running ? await server.ask<number>('heap') : 0
  await workUntil(attacks)
  if (!server.running) {
    const said = readFileSync(logFile, 'utf8').slice(-4_000)
    wrong.push(`the server ended: ${JSON.stringify(await server.ended)}; its log ends with:\n${said}`)
    return { wrong, answered, growth: 0 }
  }
  const growth = (await server.ask<number>('heap')) - before

  // It still serves who behaves.
  await callApi(http, `localhost:${port}`, 'DescribeRegions', {})
  const [first] = prey.hosts
  await first?.beat(http)
  wrong.push(...(await server.ask<readonly string[]>('inconsistencies')))
  await server.stop()
  // Level 50 is an error, a bug of the server's own.
  const errors = readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => /"level":(?:50|60|"error"|"fatal")/.test(line))
  wrong.push(...errors.slice(0, MOST_WRONG).map((line) => `logged: ${line.slice(0, 1_500)}`))
  return { wrong, answered, growth }
}

const attackOf = (chance: Chance, known: Documented, prey: Prey, secure: boolean): Attack => {
  if (secure && chance.chance(0.05)) return handshakeAttack(chance)
  const roll = chance.next()
  if (roll < 0.45) return apiAttack(chance, known.operations)
  return roll < 0.85 ? agentAttack(chance, prey) : socketAttack(chance, known.operations, prey)
}

/** @returns what was wrong */
const run = async (
  attack: Attack,
  at: { connection: RawConnection | undefined; uses: number },
  listener: Listener,
  number: number,
  known: Documented,
  answered: Map<number | 'closed', number>,
): Promise<string | undefined> => {
  const fresh = attack.spoils === true || at.connection === undefined || at.connection.ended || at.uses >= REUSE
  if (fresh) {
    at.connection?.close()
    at.connection = await RawConnection.open(attack.inClear === true ? { port: listener.port } : listener, number)
    at.uses = 0
  }
  const connection = at.connection
  if (connection === undefined) return 'no connection'
  at.uses += 1
  for (const [index, piece] of attack.bytes.entries()) {
    if (index > 0 && attack.pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, attack.pauseMs))
    connection.write(piece)
  }
  if (attack.halfClose === true) connection.socket.end()
  let fault: string | undefined
  for (let count = 0; count < attack.answers && fault === undefined; count += 1) {
    const outcome = await connection.read(attack.bodiless)
    const key = typeof outcome === 'string' ? 'closed' : outcome.status
    answered.set(key, (answered.get(key) ?? 0) + 1)
    if (outcome === 'silent') fault = 'no answer: it hangs'
    else if (outcome === 'closed')
      fault = attack.mayClose === true || count > 0 ? undefined : 'closed without an answer'
    else {
      fault = wrongWith(attack, outcome, known)
      if (fault !== undefined) fault += `: ${outcome.headers.split('\r\n', 1)[0]} ${outcome.body.slice(0, 400)}`
      if (/\r\nconnection: *close/i.test(outcome.headers)) at.uses = REUSE
    }
    if (outcome === 'closed') break
  }
  if (attack.spoils === true) {
    connection.close()
    at.connection = undefined
  }
  return fault
}

/** Hosts with keys of their own that will lie, tasks that are theirs, and tasks that are not. */
const findPrey = async (http: HttpClient, host: string): Promise<Prey> => {
  const activation = await callApi(http, host, 'CreateActivation', { InstanceCount: '1000', TimeToLiveInHours: '4' })
  const code = {
    activationId: String(activation['ActivationId']),
    activationCode: String(activation['ActivationCode']),
  }
  const key = makeHostKey()
  const hosts: SimulatedHost[] = []
  for (let number = 0; number < HOSTS; number += 1) {
    const one = new SimulatedHost(number, key)
    await one.register(http, code)
    await one.beat(http)
    hosts.push(one)
  }
  const taskIds: string[] = ['t-hz0000000000000000000000', '__proto__', '../../x', '']
  for (let number = 0; number < 12; number += 1) {
    const targets = hosts.filter((_, index) => index % 3 === number % 3)
    const parameters = Object.fromEntries(targets.map((one, index) => [`InstanceId.${index + 1}`, one.instanceId]))
    const run = { Type: 'RunShellScript', CommandContent: 'true', Timeout: '3600', ...parameters }
    taskIds.push(String((await callApi(http, host, 'RunCommand', run))['InvokeId']))
  }
  return { hosts, taskIds, badKeys: badKeys(), goodKey: key.publicKey }
}
