import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto'
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import { signatureHeaders } from '../../protocol/agent-signature.js'
import type { AgentRegistry, Heartbeat, HostKey, Presence, Registration } from '../domain/fleet/agents.js'
import type { AgentFiles, FileReport, HandedOutFile } from '../domain/files/agent-files.js'
import type { AgentTasks, Fetch, HandOut, Report } from '../domain/invocations/agent-tasks.js'
import type { Wakeups } from '../wakeups/wakeups.js'
import type { GatewayEvent } from './gateway-event.js'
import { createGateway, type Gateway } from './gateway.js'
import type { GatewaySettings } from './settings.js'

// A gateway on a real loopback server, with hosts that really sign, in front of a small room of the domain's interfaces.

/** A registered host, seen from outside. */
export interface TestHost {
  readonly instanceId: string
  readonly machineId: string
  readonly privateKey: KeyObject
  readonly publicKeyPem: string
  readonly userAgent: string
}

/** Making keys takes longer than a test: one pair for all hosts that need none of their own. */
const shared = generateKeyPairSync('rsa', { modulusLength: 2048 })

export const testHost = (instanceId: string, pair = shared): TestHost => ({
  instanceId,
  machineId: `machine-of-${instanceId}`,
  privateKey: pair.privateKey,
  publicKeyPem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  userAgent: 'linux_amd64/2.2.3.578',
})

/** The neighbours of the door, small. */
export class TestRoom implements AgentRegistry, Presence, AgentTasks, Wakeups {
  readonly hosts = new Map<string, TestHost>()
  readonly events: GatewayEvent[] = []
  readonly registrations: Registration[] = []
  readonly beats: { instanceId: string; beat: Heartbeat }[] = []
  readonly fetches: { instanceId: string; fetch: Fetch }[] = []
  readonly reports: { instanceId: string; report: Report }[] = []
  readonly deregistered: string[] = []
  readonly rejections: string[] = []
  readonly heardFrom: string[] = []
  readonly disconnects: { instanceId: string; generation: number }[] = []
  readonly work = new Set<string>()
  keyLookups = 0
  generation = 0
  correction = 0
  handOut: HandOut = { run: [], test: [], stop: [] }
  handedFiles: readonly HandedOutFile[] = []
  readonly fileReports: { instanceId: string; report: FileReport }[] = []
  readonly fileWork = new Set<string>()
  readonly files: AgentFiles = {
    fetch: async (instanceId) => {
      this.fileWork.delete(instanceId)
      return this.handedFiles
    },
    report: async (instanceId, report) => void this.fileReports.push({ instanceId, report }),
    hasWork: async (instanceId) => this.fileWork.has(instanceId),
  }
  refuse: 'activation-unknown' | undefined
  /** Thrown by every verb while it is set. */
  broken: Error | undefined
  readonly #requestIds = new Set<string>()
  readonly #listeners = new Set<(instanceIds: readonly string[]) => void>()

  add(instanceId: string, pair = shared): TestHost {
    const host = testHost(instanceId, pair)
    this.hosts.set(instanceId, host)
    return host
  }

  #check(): void {
    if (this.broken !== undefined) throw this.broken
  }

  async register(registration: Registration): ReturnType<AgentRegistry['register']> {
    this.#check()
    if (this.refuse !== undefined) return { registered: false, refusal: this.refuse }
    this.registrations.push(registration)
    return { registered: true, instanceId: `mi-${this.registrations.length}`, regionId: 'cn-hangzhou' }
  }

  async deregister(instanceId: string): Promise<void> {
    this.#check()
    this.hosts.delete(instanceId)
    this.deregistered.push(instanceId)
  }

  async findHostKey(instanceId: string): Promise<HostKey | undefined> {
    this.#check()
    this.keyLookups += 1
    return this.hosts.get(instanceId)
  }

  async heartbeat(instanceId: string, beat: Heartbeat): Promise<{ nextIntervalMs: number }> {
    this.#check()
    this.beats.push({ instanceId, beat })
    return { nextIntervalMs: 61_234 }
  }

  admit(_instanceId: string, agentTime: number, requestId: string): 'fresh' | 'stale' | 'replayed' {
    if (Math.abs(Date.now() - agentTime) > 300_000) return 'stale'
    if (this.#requestIds.has(requestId)) return 'replayed'
    this.#requestIds.add(requestId)
    return 'fresh'
  }

  heard(instanceId: string): void {
    this.heardFrom.push(instanceId)
  }

  connected(): number {
    return ++this.generation
  }

  disconnected(instanceId: string, generation: number): void {
    this.disconnects.push({ instanceId, generation })
  }

  clockCorrection(): number {
    return this.correction
  }

  async fetch(instanceId: string, fetch: Fetch): Promise<HandOut> {
    this.#check()
    this.fetches.push({ instanceId, fetch })
    this.work.delete(instanceId)
    return this.handOut
  }

  async report(instanceId: string, report: Report): Promise<void> {
    this.#check()
    this.reports.push({ instanceId, report })
  }

  rejected(instanceId: string): void {
    this.rejections.push(instanceId)
  }

  async hasWork(instanceId: string): Promise<boolean> {
    this.#check()
    return this.work.has(instanceId)
  }

  send(instanceIds: readonly string[]): void {
    for (const listener of this.#listeners) listener(instanceIds)
  }

  subscribe(listener: (instanceIds: readonly string[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  kinds(): string[] {
    return this.events.map(({ kind }) => kind)
  }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}

export class TestGateway implements AsyncDisposable {
  readonly room: TestRoom
  readonly gateway: Gateway
  readonly server: Server
  peer = { address: '127.0.0.1', secure: false, loopback: true }
  readonly #sockets: WebSocket[] = []

  constructor(room: TestRoom, settings: Partial<GatewaySettings>) {
    this.room = room
    this.gateway = createGateway({
      registry: room,
      presence: room,
      tasks: room,
      files: room.files,
      wakeups: room,
      settings,
      clock: { now: () => Date.now() },
      tell: (event) => room.events.push(event),
    })
    this.server = createServer((request, response) => this.gateway.handle(request, response, this.peer))
    this.server.on('upgrade', (request, socket, head) => this.gateway.upgrade(request, socket, head, this.peer))
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  signed(host: TestHost, change: { timestamp?: number; requestId?: string } = {}): Record<string, string> {
    const identity = { instanceId: host.instanceId, timestamp: Date.now(), requestId: randomUUID(), ...change }
    return { 'user-agent': host.userAgent, ...signatureHeaders(host.privateKey, host.machineId, identity) }
  }

  ask(method: string, path: string, headers: Record<string, string> = {}, body: string | Buffer = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port: this.port, method, path, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: toJson(text) })
        })
      })
      request.on('error', reject)
      request.end(body)
    })
  }

  /** A signed request of a host. */
  call(host: TestHost, method: string, path: string, body: string | Buffer = ''): Promise<Answer> {
    return this.ask(method, path, this.signed(host), body)
  }

  dial(headers: Record<string, string>, path = '/luban/notify_server'): WebSocket {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}${path}`, { headers, perMessageDeflate: false })
    socket.on('error', () => undefined)
    this.#sockets.push(socket)
    return socket
  }

  /** The notify socket of a host, open. */
  async connect(host: TestHost): Promise<WebSocket> {
    const socket = this.dial(this.signed(host))
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject))
    await until(() => this.room.kinds().includes('connected'))
    return socket
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.stop()
    for (const socket of this.#sockets) socket.terminate()
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

export const startGateway = async (
  room = new TestRoom(),
  settings: Partial<GatewaySettings> = {},
): Promise<TestGateway> => {
  const started = new TestGateway(room, settings)
  await new Promise<void>((resolve) => started.server.listen(0, '127.0.0.1', resolve))
  started.gateway.start()
  return started
}

/** Waits for a condition, within a limit. */
export const until = async (condition: () => boolean | Promise<boolean>, what = 'the condition'): Promise<void> => {
  const limit = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`${what} did not come true`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const toJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
