// SIGKILL under load, again and again on the same data: nothing that was acknowledged may be missing afterwards.
import { callApi } from './api-client.js'
import { HttpClient } from './http-client.js'
import { answered, Ledger, type Submission, type TaskRecord } from './ledger.js'
import type { Chance } from './random.js'
import { freePort, ServerChild } from './server-child.js'
import { type HostKey, makeHostKey, SimulatedHost } from './simulated-host.js'

export interface KillRounds {
  readonly rounds: number
  readonly hosts: number
  readonly chance: Chance
  /** Directory of the server in this round. */
  readonly dataDir: () => string
  readonly env: () => Readonly<Record<string, string>>
  /** Where the server's log goes, if not into its directory. */
  readonly logFile?: string
  /** Between a kill and the next start. */
  readonly afterKill?: () => void
  readonly say?: (line: string) => void
}

export interface KillResult {
  /** What was acknowledged and is not there, or contradicts itself. */
  readonly wrong: readonly string[]
  readonly submissions: number
  readonly reports: number
  readonly checkedTasks: number
  readonly registrations: number
}

const SUBMITTERS = 3
/** How long a load runs before the kill. */
const LEAST_LOAD_MS = 150
const MOST_LOAD_MS = 1_500
/** No more sentences than a person reads. */
const MOST_WRONG = 20

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
  readonly wrong: string[] = []
  ended = false

  constructor(chance: Chance, ledger: Ledger, http: HttpClient, host: string) {
    this.#chance = chance
    this.#ledger = ledger
    this.#http = http
    this.#host = host
  }

  /** Sends a submission, a repeated one with the same ClientToken. */
  async submit(submission: Submission): Promise<void> {
    const { InvokeId: invokeId } = await callApi(this.#http, this.#host, 'RunCommand', submission.parameters)
    submission.invokeId = String(invokeId)
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
    if (task.final === undefined) task.pieces.push(piece)
    if (!ends) {
      if (task.running === 'no') task.running = 'sent'
      if (!(await answered(() => host.running(this.#http, task.invokeId, start, piece.bytes)))) return false
      task.running = 'acknowledged'
    } else {
      task.final ??= { exitCode: chance.pick([0, 0, 1, 127]), piece, acknowledged: false }
      const { exitCode } = task.final
      if (!(await answered(() => host.finish(this.#http, task.invokeId, start, exitCode, piece.bytes)))) return false
      task.final.acknowledged = true
      if (!task.pieces.includes(piece)) task.pieces.push(piece)
    }
    piece.kept = true
    this.#ledger.acknowledgedReports += 1
    return true
  }
}

/** @returns what is wrong, and how much was at stake */
export const killUnderLoad = async (options: KillRounds): Promise<KillResult> => {
  const { chance, rounds, say = () => undefined } = options
  const ledger = new Ledger()
  const keys: readonly HostKey[] = [makeHostKey(), makeHostKey()]
  const hosts: HostAtWork[] = []
  const wrong: string[] = []
  const ports = { plain: await freePort(), tls: await freePort() }
  const host = `localhost:${ports.plain}`
  // Registrations that nobody heard of: their instances have no live agent and are nobody's target.
  let number = 0

  for (let round = 0; round <= rounds && wrong.length < MOST_WRONG; round += 1) {
    const isLast = round === rounds
    await using server = await ServerChild.start({
      dataDir: options.dataDir(),
      env: options.env(),
      ports,
      ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
    })
    using http = new HttpClient(ports.plain)
    wrong.push(...(await ledger.check(http, host, isLast)))
    wrong.push(...(await server.ask<readonly string[]>('inconsistencies')))
    for (const at of hosts) await at.host.beat(http)
    const load = new Load(chance, ledger, http, host)
    // What was sent when the server died is sent again: there must be one of it in the end.
    for (const submission of ledger.submissions) if (submission.invokeId === undefined) await load.submit(submission)

    if (isLast) {
      wrong.push(...(await ledger.check(http, host)), ...(await server.ask<readonly string[]>('inconsistencies')))
      await server.stop()
      break
    }
    const activation = await createActivation(http, host)
    while (hosts.length < Math.min(options.hosts, (round + 1) * Math.ceil(options.hosts / 3))) {
      const made = new SimulatedHost((number += 1), keys[number % keys.length] as HostKey)
      await made.register(http, activation)
      await made.beat(http)
      hosts.push({ host: made, inHand: new Map() })
    }

    const work = [
      ...hosts.map((at) => load.keepWorking(at)),
      ...Array.from({ length: SUBMITTERS }, (_, index) => load.keepSubmitting(hosts, `r${round}s${index}`)),
    ]
    await new Promise((resolve) => setTimeout(resolve, chance.between(LEAST_LOAD_MS, MOST_LOAD_MS)))
    await server.kill()
    load.ended = true
    await Promise.all(work)
    wrong.push(...load.wrong)
    options.afterKill?.()
    say(
      `kill ${round + 1} of ${rounds}: ${ledger.acknowledgedSubmissions} submissions, ${ledger.acknowledgedReports} reports`,
    )
  }
  return {
    wrong: wrong.slice(0, MOST_WRONG),
    submissions: ledger.acknowledgedSubmissions,
    reports: ledger.acknowledgedReports,
    checkedTasks: ledger.checkedTasks,
    registrations: hosts.length,
  }
}

const createActivation = async (http: HttpClient, host: string) => {
  const answer = await callApi(http, host, 'CreateActivation', { InstanceCount: '1000', TimeToLiveInHours: '4' })
  return { activationId: String(answer['ActivationId']), activationCode: String(answer['ActivationCode']) }
}
