// SIGKILL under load, again and again on the same data: nothing that was acknowledged may be missing afterwards.
import { callApi } from './api-client.js'
import type { Ground } from './ground.js'
import { HttpClient } from './http-client.js'
import { answered, Ledger, type Submission, type TaskRecord } from './ledger.js'
import type { Chance } from './random.js'
import { type Phase, runRounds } from './rounds.js'
import { freePort, ServerChild } from './server-child.js'
import { type HostKey, makeHostKey, SimulatedHost } from './simulated-host.js'

export interface Amount {
  readonly rounds: number
  readonly hosts: number
  readonly chance: Chance
  readonly say?: (line: string) => void
}

export interface KillResult {
  /** What was acknowledged and is not there, or contradicts itself: when it was found, and what the server said. */
  readonly wrong: readonly string[]
  readonly submissions: number
  readonly reports: number
  readonly checkedTasks: number
}

const SUBMITTERS = 3
/** So much is acknowledged before the kill: a slow machine takes longer for it, and has no less at stake. */
const LEAST_ACKNOWLEDGED = 10
const MOST_ACKNOWLEDGED = 120
/** And then so long, in which anything may be under way. */
const MOST_LATER_MS = 500
/** A server that acknowledges nothing for so long hangs. */
const STALL_MS = 60_000
interface HostAtWork {
  readonly host: SimulatedHost
  /** Tasks it has in hand, as an agent has them on its disk. */
  readonly inHand: Map<string, TaskRecord>
}

/** One server after the other, with the load that meets it. */
class Load {
  readonly #chance: Chance
  readonly #ledger: Ledger
  readonly #http: HttpClient
  readonly #host: string
  /** Of this load, in the stories of tasks. */
  readonly #name: string
  readonly wrong: string[] = []
  ended = false

  constructor(name: string, chance: Chance, ledger: Ledger, http: HttpClient, host: string) {
    this.#name = name
    this.#chance = chance
    this.#ledger = ledger
    this.#http = http
    this.#host = host
  }

  /** Sends a submission, a repeated one with the same ClientToken. */
  async submit(submission: Submission): Promise<void> {
    const { InvokeId: invokeId } = await callApi(this.#http, this.#host, 'RunCommand', submission.parameters)
    submission.invokeId = String(invokeId)
    this.#ledger.acknowledgedSubmissions += 1
    this.#ledger.touch(submission.invokeId)
  }

  async keepSubmitting(hosts: readonly HostAtWork[], prefix: string): Promise<void> {
    const chance = this.#chance
    for (let number = 0; !this.ended; number += 1) {
      const targets = hosts.filter(() => chance.chance(0.4)).map(({ host }) => host.instanceId)
      if (targets.length === 0) continue
      const name = `${prefix}-${number}`
      const parameters: Record<string, string> = {
        Name: name,
        ClientToken: name,
        Type: 'RunShellScript',
        CommandContent: `echo ${name}`,
        Timeout: '3600',
      }
      for (const [index, id] of targets.entries()) parameters[`InstanceId.${index + 1}`] = id
      const submission: Submission = { parameters, targets, invokeId: undefined, stopped: 'no' }
      this.#ledger.submissions.push(submission)
      if (!(await answered(() => this.submit(submission)))) return
      if (chance.chance(0.15) && !(await answered(() => this.#stop(submission)))) return
      if (chance.chance(0.1) && !(await answered(() => this.#createCommand(`${name}-kept`)))) return
    }
  }

  async #stop(submission: Submission): Promise<void> {
    const { invokeId } = submission
    if (invokeId === undefined) return
    submission.stopped = 'sent'
    this.#ledger.touch(invokeId)
    await callApi(this.#http, this.#host, 'StopInvocation', { InvokeId: invokeId })
    submission.stopped = 'acknowledged'
  }

  async #createCommand(name: string): Promise<void> {
    const answer = await callApi(this.#http, this.#host, 'CreateCommand', {
      Name: name,
      Type: 'RunShellScript',
      CommandContent: 'true',
    })
    this.#ledger.commands.set(String(answer['CommandId']), name)
  }

  async keepWorking({ host, inHand }: HostAtWork): Promise<void> {
    const http = this.#http
    if (!(await answered(() => host.beat(http)))) return
    while (!this.ended) {
      let found: readonly string[] = []
      if (!(await answered(async () => (found = (await host.fetch(http)).run)))) return
      for (const taskId of found) {
        const known = this.#ledger.task(taskId, host.instanceId)
        if (known.running === 'acknowledged' || known.final?.acknowledged === true)
          this.wrong.push(`${taskId} was handed out to ${host.instanceId} again after it had reported`)
        inHand.set(taskId, known)
      }
      for (const [taskId, task] of inHand) {
        if (!(await this.#work(host, task))) return
        if (task.final?.acknowledged === true) inHand.delete(taskId)
      }
      // A host asks when it is kicked; this one has no socket, and shall not use up the machine.
      await new Promise((resolve) => setTimeout(resolve, this.#chance.between(5, 40)))
    }
  }

  /** One report about a task. @returns false when the server went away */
  async #work(host: SimulatedHost, task: TaskRecord): Promise<boolean> {
    const chance = this.#chance
    const start = Date.now()
    this.#ledger.touch(task.invokeId)
    const output = chance.chance(0.3) ? Buffer.alloc(0) : chance.bytes(chance.between(1, 300))
    const ends = task.final !== undefined || (task.pieces.length > 0 && chance.chance(0.5)) || task.pieces.length > 8
    // A result is sent again, the same bytes, until it is acknowledged.
    const piece = task.final?.piece ?? { bytes: output, kept: false }
    // The server may take it and die before it says so, this time too.
    if (!task.pieces.includes(piece)) task.pieces.push(piece)
    if (ends) task.final ??= { exitCode: chance.pick([0, 0, 1, 127]), piece, acknowledged: false }
    else if (task.running === 'no') task.running = 'sent'
    const { final } = task
    const sent = () =>
      final === undefined
        ? host.running(this.#http, task.invokeId, start, piece.bytes)
        : host.finish(this.#http, task.invokeId, start, final.exitCode, piece.bytes)
    const taken = await answered(sent)
    const what = final === undefined ? 'running' : `finish ${final.exitCode}`
    task.story.push(`${this.#name} ${what} of ${piece.bytes.length} bytes: ${taken ? 'acknowledged' : 'no answer'}`)
    if (!taken) return false
    if (final === undefined) task.running = 'acknowledged'
    else final.acknowledged = true
    piece.kept = true
    this.#ledger.acknowledgedReports += 1
    return true
  }
}

/** Kills servers that stand on the same ground. @returns what is wrong, and how much was at stake */
export const killUnderLoad = async (ground: Ground, amount: Amount): Promise<KillResult> => {
  const { chance, say = () => undefined } = amount
  const ledger = new Ledger()
  const keys: readonly HostKey[] = [makeHostKey(), makeHostKey()]
  const hosts: HostAtWork[] = []
  const ports = { plain: await freePort(), tls: await freePort() }
  const host = `localhost:${ports.plain}`
  // Registrations that nobody heard of: their instances have no live agent and are nobody's target.
  let number = 0

  const round = async (kills: number, phase: Phase): Promise<readonly string[]> => {
    const isLast = kills === amount.rounds
    const wrong: string[] = []
    phase('starting')
    await using server = await ServerChild.start({ ...ground, ports })
    using http = new HttpClient(ports.plain)
    phase('waiting for the sessions of the server before')
    await ground.settled()
    phase('asking for what was acknowledged')
    wrong.push(...(await ledger.check(http, host, isLast)))
    phase('looking for contradictions')
    wrong.push(...(await server.ask<readonly string[]>('inconsistencies')))
    phase('sending again what was not answered')
    for (const at of hosts) await at.host.beat(http)
    const load = new Load(`r${kills}`, chance, ledger, http, host)
    // What was sent when the server died is sent again: there must be one of it in the end.
    for (const submission of ledger.submissions) if (submission.invokeId === undefined) await load.submit(submission)

    if (isLast) {
      phase('asking for all once more')
      wrong.push(...(await ledger.check(http, host)), ...(await server.ask<readonly string[]>('inconsistencies')))
      await server.stop()
      return wrong
    }
    phase('registering hosts')
    const activation = await createActivation(http, host)
    while (hosts.length < Math.min(amount.hosts, (kills + 1) * Math.ceil(amount.hosts / 3))) {
      const made = new SimulatedHost((number += 1), keys[number % keys.length] as HostKey)
      await made.register(http, activation)
      await made.beat(http)
      hosts.push({ host: made, inHand: new Map() })
    }

    phase('under load')
    const work = [
      ...hosts.map((at) => load.keepWorking(at)),
      ...Array.from({ length: SUBMITTERS }, (_, index) => load.keepSubmitting(hosts, `r${kills}s${index}`)),
      // What was refused, not left unanswered.
    ].map((one) => one.catch((cause: unknown) => void load.wrong.push(String(cause))))
    await acknowledgedOf(ledger, ledger.acknowledged + chance.between(LEAST_ACKNOWLEDGED, MOST_ACKNOWLEDGED), load)
    await new Promise((resolve) => setTimeout(resolve, chance.between(0, MOST_LATER_MS)))
    await server.kill()
    load.ended = true
    await Promise.all(work)
    wrong.push(...load.wrong)
    await ground.killed()
    say(
      `kill ${kills + 1} of ${amount.rounds}: ${ledger.acknowledgedSubmissions} submissions, ${ledger.acknowledgedReports} reports`,
    )
    return wrong
  }

  return {
    wrong: await runRounds({ ...amount, logFile: ground.logFile }, round),
    submissions: ledger.acknowledgedSubmissions,
    reports: ledger.acknowledgedReports,
    checkedTasks: ledger.checkedTasks,
  }
}

/** Resolves when so much is acknowledged, or something is wrong already. */
const acknowledgedOf = async (ledger: Ledger, enough: number, load: Load): Promise<void> => {
  let last = ledger.acknowledged
  let since = performance.now()
  while (last < enough && load.wrong.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    const now = ledger.acknowledged
    if (now > last) since = performance.now()
    else if (performance.now() - since > STALL_MS)
      throw new Error(`nothing was acknowledged for ${STALL_MS} ms, ${enough - last} before the kill`)
    last = now
  }
}

const createActivation = async (http: HttpClient, host: string) => {
  const answer = await callApi(http, host, 'CreateActivation', { InstanceCount: '1000', TimeToLiveInHours: '4' })
  return { activationId: String(answer['ActivationId']), activationCode: String(answer['ActivationCode']) }
}
