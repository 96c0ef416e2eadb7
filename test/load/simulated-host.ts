// A host on the agents' wire, as small as can be: it registers, beats, fetches and reports. It holds no notify socket: it
// asks again and again instead of waiting for kicks.
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { signatureHeaders } from '../../src/protocol/agent-signature.js'
import type { Message } from '../../src/protocol/message.js'
import { requestTarget } from '../../src/protocol/message.js'
import { messages } from '../../src/protocol/messages/index.js'
import type { QueryFields } from '../../src/protocol/query.js'
import type { InferFields } from '../../src/schema/shape.js'
import type { HttpAnswer, HttpClient } from './http-client.js'

export interface HostKey {
  readonly privateKey: KeyObject
  /** Base64 of the PEM, as a registration carries it. */
  readonly publicKey: string
}

export const makeHostKey = (): HostKey => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    privateKey,
    publicKey: Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })).toString('base64'),
  }
}

export interface Activation {
  readonly activationId: string
  readonly activationCode: string
}

/** The body of a registration. */
export const registration = (activation: Activation, machineId: string, publicKey: string) => ({
  ...activation,
  machineId,
  regionId: 'cn-hangzhou',
  instanceName: '',
  hostname: machineId,
  intranetIp: '192.0.2.7',
  osVersion: 'Linux_#1 SMP_x86_64',
  osType: 'linux',
  agentVersion: '2.2.3.578',
  publicKey,
  tag: [],
})

export const USER_AGENT = 'linux_amd64/2.2.3.578'

export class SimulatedHost {
  readonly machineId: string
  readonly #key: HostKey
  readonly #bootedAt = Date.now() - 86_400_000
  #startedAt = Date.now()
  #pid: number
  instanceId = ''
  #beats = 0

  constructor(number: number, key: HostKey) {
    this.machineId = `load-machine-${number}`
    this.#key = key
    this.#pid = 1_000 + number
  }

  /** A new process of its agent, on a machine that was not started again. */
  restart(): void {
    this.#startedAt = Date.now()
    this.#pid += 10_000
    this.#beats = 0
  }

  /** @throws Error when the server refuses */
  async register(http: HttpClient, activation: Activation): Promise<void> {
    const body = JSON.stringify(registration(activation, this.machineId, this.#key.publicKey))
    const { path } = messages.register
    const answer = await http.ask({ method: 'POST', path, headers: this.#headers('application/json'), body })
    const told = JSON.parse(answer.body.toString('utf8')) as { code: number; instanceId: string; errMsg?: string }
    if (told.code !== 200) throw new Error(`the registration was refused: ${told.errMsg}`)
    this.instanceId = told.instanceId
  }

  signed(): Record<string, string> {
    return signatureHeaders(this.#key.privateKey, this.machineId, {
      instanceId: this.instanceId,
      timestamp: Date.now(),
      requestId: randomUUID(),
    })
  }

  async beat(http: HttpClient): Promise<void> {
    const now = Date.now()
    const count = (this.#beats += 1)
    await this.#ok(http, messages.heartBeat, {
      uptime: now - this.#bootedAt,
      timestamp: now,
      pid: this.#pid,
      process_uptime: now - this.#startedAt,
      index: count - 1,
      seq_no: count,
    })
  }

  /** @returns ids of tasks to run and of tasks to stop */
  async fetch(http: HttpClient): Promise<{ readonly run: readonly string[]; readonly stop: readonly string[] }> {
    const answer = await this.#ok(http, messages.taskList, { reason: 'kickoff', currentTime: Date.now(), offset: 0 })
    const list = messages.taskList.answer.decode(answer.body.toString('utf8'))
    if (!list.ok) throw new Error(`an answer of task/list that no agent reads: ${list.reason}`)
    return {
      run: list.value.run.map(({ task }) => task.taskID),
      stop: list.value.stop.map(({ task }) => task.taskID),
    }
  }

  async running(http: HttpClient, taskId: string, start: number, output: Buffer): Promise<void> {
    await this.#ok(http, messages.taskRunning, { taskId, invokeVersion: 1, start }, output)
  }

  async finish(http: HttpClient, taskId: string, start: number, exitCode: number, output: Buffer): Promise<void> {
    const query = { taskId, invokeVersion: 1, start, end: start + 5, exitCode, dropped: 0 }
    await this.#ok(http, messages.taskFinish, query, output)
  }

  send<F extends QueryFields, B, A>(
    http: HttpClient,
    message: Message<F, B, A>,
    query: InferFields<F>,
    body: Buffer | string = '',
  ): Promise<HttpAnswer> {
    const headers = { ...this.#headers(message.contentType), ...this.signed() }
    return http.ask({ method: message.method, path: requestTarget(message, query), headers, body })
  }

  async #ok<F extends QueryFields, B, A>(
    http: HttpClient,
    message: Message<F, B, A>,
    query: InferFields<F>,
    body: Buffer | string = '',
  ): Promise<HttpAnswer> {
    const answer = await this.send(http, message, query, body)
    if (answer.status !== 200) {
      throw new Error(`${message.path} was answered ${answer.status}: ${answer.body.toString('utf8').slice(0, 300)}`)
    }
    return answer
  }

  #headers(contentType: string): Record<string, string> {
    return { host: 'localhost', 'user-agent': USER_AGENT, 'content-type': contentType }
  }
}
