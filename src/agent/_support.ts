import { createPublicKey, type KeyObject } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type WebSocket, WebSocketServer } from 'ws'
import { readSignature, verify } from '../protocol/agent-signature.js'
import { NOTIFY_PATH } from '../protocol/kick.js'
import { messages, type MessageName } from '../protocol/messages/index.js'
import { type Repeat, runEntry, stopEntry } from '../protocol/messages/task-entry.js'
import type { FileEntry, TaskEntry } from '../protocol/messages/task-list.js'
import { toRunAsUser } from '../protocol/run-as-user.js'
import { toWireId, type WireId } from '../protocol/wire-id.js'
import { registerAgent } from './register-agent.js'
import { type RunningAgent, startAgent } from './start-agent.js'
import { issueAuthority, issueLeaf } from '../server/tls/issue.js'

// A server made small for tests of agents: real TLS and real sockets on loopback, answers built from the declared
// messages, every signature verified. It remembers what it was told; it does what a test says.

export interface Received {
  readonly endpoint: MessageName
  /** As the declared codec reads it. */
  readonly query: Readonly<Record<string, unknown>>
  readonly body: Buffer
  readonly userAgent: string
  readonly instanceId: string | undefined
}

/** What a test answers instead: a status and a body, or `drop` to break the connection without an answer. */
export type Answer = { readonly status?: number; readonly body?: string } | 'drop' | undefined

export type Hosts = Map<string, { readonly key: KeyObject; readonly machineId: string }>

export interface FakeServer {
  readonly address: string
  readonly ca: string
  /** Who is registered; a server that comes back knows them. */
  readonly hosts: Hosts
  readonly received: readonly Received[]
  /** Kick messages' answers, as they came. */
  readonly kickAnswers: readonly string[]
  /** Open notify sockets. */
  readonly sockets: ReadonlySet<WebSocket>
  /** For the next fetch. */
  waiting: { run: TaskEntry[]; stop: TaskEntry[]; test: TaskEntry[]; file: FileEntry[] }
  /** Asked before each answer; undefined: the good one. */
  answer: (received: Received) => Answer | Promise<Answer>
  /** False: handshakes of notify sockets are refused with 503. */
  acceptsSockets: boolean
  /** Handshakes that were refused. */
  refused: number
  of(endpoint: MessageName, taskId?: string): Received[]
  kick(text: string): void
  /** Hands tasks out and kicks. */
  handOut(...entries: readonly TaskEntry[]): void
  /** Output of a task as a server puts it together. */
  outputOf(taskId: string): Buffer
  stop(): Promise<void>
}

/** Endings of tasks. */
const FINALS = ['taskFinish', 'taskTimeout', 'taskError', 'taskStopped', 'taskInvalid', 'taskVerified'] as const

export const finalsOf = (server: FakeServer, taskId: string): Received[] =>
  FINALS.flatMap((endpoint) => server.of(endpoint, taskId))

export const startFakeServer = async (
  port = 0,
  certificates = makeCertificates(),
  hosts: Hosts = new Map(),
): Promise<FakeServer> => {
  const { ca, certificate } = await certificates
  const received: Received[] = []
  const kickAnswers: string[] = []
  const sockets = new Set<WebSocket>()

  const register = (body: Buffer): string => {
    if (messages.register.body.kind !== 'json') throw new Error('register has a document')
    const document = messages.register.body.codec.decode(body.toString())
    if (!document.ok) return messages.register.answer.encode({ code: 400, instanceId: '', errMsg: document.reason })
    const { publicKey, machineId } = document.value
    const instanceId = `mi-test${hosts.size + 1}`
    hosts.set(instanceId, { key: createPublicKey(Buffer.from(publicKey, 'base64').toString()), machineId })
    return messages.register.answer.encode({ code: 200, instanceId })
  }

  /** @returns the host that signed, or undefined */
  const admit = (request: IncomingMessage): string | undefined => {
    const signature = readSignature(request.headers)
    const host = signature === undefined ? undefined : hosts.get(signature.instanceId)
    if (signature === undefined || host === undefined) return undefined
    return verify(host.key, host.machineId, signature) ? signature.instanceId : undefined
  }

  const goodAnswer = ({ endpoint, body, instanceId }: Received): string => {
    if (endpoint === 'register') return register(body)
    if (endpoint === 'heartBeat') return messages.heartBeat.answer.encode({ code: 200, nextInterval: 60_000 })
    if (endpoint === 'taskList') {
      const { run, stop, test, file } = fake.waiting
      fake.waiting = { run: [], stop: [], test: [], file: [] }
      return messages.taskList.answer.encode({ code: 200, instanceId: instanceId ?? '', run, stop, test, file })
    }
    return '{"code":200}'
  }

  const server = createServer({ cert: certificate.certificatePem, key: certificate.privateKeyPem })
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'https://server')
    const found = Object.entries(messages).find(([, message]) => message.path === url.pathname)
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    if (found === undefined) {
      response.writeHead(404).end()
      return
    }
    const [endpoint, message] = found as [MessageName, (typeof messages)[MessageName]]
    const query = message.query.decode(url.search.slice(1))
    const instanceId = admit(request)
    if (!query.ok || request.method !== message.method || (message.signed && instanceId === undefined)) {
      response.writeHead(query.ok ? 401 : 400).end(query.ok ? '' : query.reason)
      return
    }
    const entry = {
      endpoint,
      query: query.value as Readonly<Record<string, unknown>>,
      body: Buffer.concat(chunks),
      userAgent: request.headers['user-agent'] ?? '',
      instanceId,
    }
    received.push(entry)
    const answer = await fake.answer(entry)
    if (answer === 'drop') request.socket.destroy()
    else response.writeHead(answer?.status ?? 200).end(answer?.body ?? goodAnswer(entry))
  }
  server.on('request', (request, response) => void serve(request, response))

  const notify = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  server.on('upgrade', (request, socket, head) => {
    const isGood = request.url === NOTIFY_PATH && admit(request) !== undefined
    if (!fake.acceptsSockets || !isGood) {
      fake.refused++
      socket.end(`HTTP/1.1 ${isGood ? 503 : 401} Refused\r\nConnection: close\r\n\r\n`)
      return
    }
    notify.handleUpgrade(request, socket, head, (peer) => {
      sockets.add(peer)
      peer.on('message', (data: Buffer) => kickAnswers.push(data.toString()))
      peer.on('close', () => sockets.delete(peer))
      peer.on('error', () => undefined)
      // As every server must: an agent asks for nothing unless it is kicked (design D4).
      if (Object.values(fake.waiting).some((entries) => entries.length > 0)) peer.send('kick_vm')
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))

  const fake: FakeServer = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca,
    hosts,
    received,
    kickAnswers,
    sockets,
    waiting: { run: [], stop: [], test: [], file: [] },
    answer: () => undefined,
    acceptsSockets: true,
    refused: 0,
    of: (endpoint, taskId) =>
      received.filter(
        (entry) => entry.endpoint === endpoint && (taskId === undefined || entry.query['taskId'] === taskId),
      ),
    kick(text) {
      for (const socket of sockets) socket.send(text)
    },
    handOut(...entries) {
      fake.waiting.run.push(...entries)
      fake.kick('kick_vm')
    },
    outputOf(taskId) {
      const reports = received.filter(
        ({ endpoint, query }) =>
          query['taskId'] === taskId && (endpoint === 'taskRunning' || FINALS.some((final) => final === endpoint)),
      )
      return Buffer.concat(reports.map(({ body }) => body))
    },
    async stop() {
      for (const socket of sockets) socket.terminate()
      notify.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

/** One authority and one leaf for loopback; a second server with the same ones is the same server come back. */
export const makeCertificates = async () => {
  const names = ['localhost', '127.0.0.1']
  const authority = await issueAuthority(names, Date.now())
  return { ca: authority.certificatePem, certificate: await issueLeaf(authority, names, Date.now()) }
}

/** A task to run once, as a server builds it. */
export const scriptTask = (
  taskId: string,
  script: string | Uint8Array,
  change: {
    readonly timeoutSeconds?: number
    readonly workingDirectory?: string
    readonly username?: string
    readonly enableParameter?: boolean
    readonly builtInParameters?: ReadonlyMap<string, string>
    readonly outputQuota?: number
    readonly launcher?: readonly string[]
    readonly scriptExtension?: string
    readonly terminationMode?: 'Process' | 'ProcessTree'
    readonly containerId?: string
    readonly containerName?: string
    readonly secrets?: readonly string[]
    readonly repeat?: Repeat
    readonly version?: number
  } = {},
): TaskEntry =>
  runEntry({
    taskId: wireId(taskId),
    commandId: 'c-1',
    commandName: '',
    type: 'RunShellScript',
    content: typeof script === 'string' ? Buffer.from(script) : script,
    timeoutSeconds: change.timeoutSeconds ?? 60,
    workingDirectory: change.workingDirectory ?? '/',
    username: change.username === undefined ? undefined : toRunAsUser(change.username, 'posix'),
    enableParameter: change.enableParameter ?? false,
    builtInParameters: change.builtInParameters ?? new Map(),
    createdAt: Date.now(),
    version: change.version ?? 1,
    outputQuota: change.outputQuota ?? 12_000,
    launcher: change.launcher,
    scriptExtension: change.scriptExtension,
    terminationMode: change.terminationMode,
    containerId: change.containerId,
    containerName: change.containerName,
    secrets: change.secrets,
    ...(change.repeat === undefined ? {} : { repeat: change.repeat }),
  })

export const stopTask = (taskId: string, repeat?: Repeat): TaskEntry => stopEntry(wireId(taskId), 1, repeat)

const wireId = (text: string): WireId => {
  const id = toWireId(text)
  if (id === undefined) throw new Error(`${text} is no id of this wire`)
  return id
}

/** Waits until something is so, and says what was waited for at a limit that only a hang reaches on a busy machine. */
export const until = async <T>(
  what: string,
  look: () => T | Promise<T>,
  mostMs = 50_000,
): Promise<Exclude<T, undefined | null | false | 0>> => {
  const limit = performance.now() + mostMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== null && found !== false && found !== 0) {
      return found as Exclude<T, undefined | null | false | 0>
    }
    if (performance.now() > limit) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** What a test opened, closed in reverse order after it. */
export interface Opened {
  add<T extends { stop(): Promise<unknown> }>(thing: T): T
  folder(): Promise<string>
  closeAll(): Promise<void>
}

export const createOpened = (): Opened => {
  const closers: (() => Promise<unknown>)[] = []
  return {
    add(thing) {
      closers.push(() => thing.stop())
      return thing
    },
    async folder() {
      const path = await mkdtemp(join(tmpdir(), 'openassist-test-'))
      closers.push(() => rm(path, { recursive: true, force: true }))
      return path
    },
    async closeAll() {
      for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close()
    },
  }
}

export const registeredHost = (server: FakeServer, stateDir: string): Promise<{ readonly instanceId: string }> =>
  registerAgent({ stateDir, server: server.address, ca: server.ca, activationId: 'a-1', activationCode: 'code' })

export interface Started {
  readonly server: FakeServer
  /** Ready. */
  readonly host: RunningAgent
  readonly stateDir: string
}

/** A registered agent that is ready, and its server. */
export const startedAgent = async (opened: Opened): Promise<Started> => {
  const server = opened.add(await startFakeServer())
  const stateDir = await opened.folder()
  await registeredHost(server, stateDir)
  const host = opened.add(await startAgent({ stateDir }))
  await host.ready
  return { server, host, stateDir }
}

/** The first final report of a task. */
export const finalOf = (server: FakeServer, taskId: string): Promise<Received> =>
  until(`the end of ${taskId}`, () => finalsOf(server, taskId)[0])

/** Hands a task out and waits for its end. */
export const runTask = (server: FakeServer, task: TaskEntry): Promise<Received> => {
  server.handOut(task)
  return finalOf(server, task.task.taskID)
}
