import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ContainerSocket } from './find-container.js'
import { decodeMessage, encodeMessage } from './protobuf.js'

// Runtimes of containers on real sockets, whose containers are this machine: a program in one is a process here.

export interface FakeContainer {
  readonly id: string
  readonly name: string
  readonly state: 'running' | 'exited'
}

export interface FakeRuntime {
  readonly socket: ContainerSocket
  /** Answers nothing any more. */
  silent: boolean
  /** What it says instead of doing anything. */
  failure: string | undefined
  stop(): Promise<void>
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const killAll = (children: Iterable<ChildProcess>): void => {
  for (const child of children) child.kill('SIGKILL')
}

const start = (command: readonly string[]): ChildProcess =>
  spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], detached: true })

/** As the Docker Engine answers; paths with and without a version. */
export const startFakeDocker = async (path: string, containers: readonly FakeContainer[]): Promise<FakeRuntime> => {
  const sockets = new Set<Socket>()
  const execs = new Map<string, { command: string[]; child?: ChildProcess; exitCode?: number }>()

  const answer = (request: IncomingMessage, body: string): { status: number; body: unknown } => {
    const url = new URL(request.url ?? '', 'http://docker')
    const route = url.pathname.replace(/^\/v1\.\d+/, '')
    if (fake.failure !== undefined) return { status: 500, body: { message: fake.failure } }
    if (route === '/_ping') return { status: 200, body: 'OK' }
    if (route === '/containers/json') {
      const filters = JSON.parse(url.searchParams.get('filters') ?? '{}') as Record<string, unknown>
      // A list, or an object of trues, as clients differ.
      const values = (given: unknown): readonly string[] =>
        Array.isArray(given) ? (given as string[]) : Object.keys((given as object | undefined) ?? {})
      const found = containers.filter(
        ({ id, name }) =>
          values(filters['id']).every((wanted) => id.startsWith(wanted)) &&
          values(filters['name']).every((wanted) => new RegExp(wanted).test(`/${name}`)),
      )
      return { status: 200, body: found.map(({ id, name, state }) => ({ Id: id, Names: [`/${name}`], State: state })) }
    }
    const made = /^\/containers\/([^/]+)\/exec$/.exec(route)
    if (made !== null) {
      const id = `e${execs.size + 1}`
      execs.set(id, { command: (JSON.parse(body) as { Cmd: string[] }).Cmd })
      return { status: 201, body: { Id: id } }
    }
    const exec = execs.get(/^\/exec\/([^/]+)\/json$/.exec(route)?.[1] ?? '')
    if (exec === undefined) return { status: 404, body: { message: `no such thing: ${route}` } }
    return { status: 200, body: { Running: exec.exitCode === undefined, ExitCode: exec.exitCode ?? null, Pid: 1 } }
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void bodyOf(request).then((body) => {
      if (fake.silent) return
      const { status, body: document } = answer(request, body)
      response.writeHead(status, { 'Content-Type': 'application/json', 'Api-Version': '1.41' })
      response.end(typeof document === 'string' ? document : JSON.stringify(document))
    })
  })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => undefined)
    const exec = execs.get(/\/exec\/([^/]+)\/start$/.exec(request.url ?? '')?.[1] ?? '')
    if (exec === undefined) return void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    socket.write(
      'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    )
    const child = start(exec.command)
    exec.child = child
    const framed = (kind: number) => (bytes: Buffer) => {
      const header = Buffer.alloc(8)
      header[0] = kind
      header.writeUInt32BE(bytes.length, 4)
      socket.write(Buffer.concat([header, bytes]))
    }
    child.stdout?.on('data', framed(1))
    child.stderr?.on('data', framed(2))
    child.once('close', (code) => {
      socket.end()
      // The streams end a moment before the exit code is there.
      setTimeout(() => (exec.exitCode = code ?? 137), 20)
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const fake: FakeRuntime = {
    socket: { runtime: 'docker', kind: 'docker', path },
    silent: false,
    failure: undefined,
    async stop() {
      killAll([...execs.values()].flatMap(({ child }) => child ?? []))
      // Those that became streams, too.
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

const STATES = { running: 1, exited: 2 } as const

/** As containerd answers its container runtime interface. */
export const startFakeCri = async (path: string, containers: readonly FakeContainer[]): Promise<FakeRuntime> => {
  const children = new Set<ChildProcess>()
  const sessions = new Set<Http2Session>()
  const server = createHttp2Server()

  const list = (request: Buffer): Buffer => {
    const filter = new Map(decodeMessage(request)).get(1)
    const id = filter instanceof Buffer ? String(new Map(decodeMessage(filter)).get(1) ?? '') : ''
    const found = containers.filter((container) => container.id.startsWith(id))
    return encodeMessage(
      found.map((one) => [
        1,
        encodeMessage([
          [1, one.id],
          [3, encodeMessage([[1, one.name]])],
          [6, STATES[one.state]],
        ]),
      ]),
    )
  }

  const exec = async (request: Buffer): Promise<Buffer> => {
    const command = (decodeMessage(request) ?? []).filter(([number]) => number === 2).map(([, word]) => String(word))
    const child = start(command)
    children.add(child)
    const output = { 1: [] as Buffer[], 2: [] as Buffer[] }
    child.stdout?.on('data', (bytes: Buffer) => output[1].push(bytes))
    child.stderr?.on('data', (bytes: Buffer) => output[2].push(bytes))
    const code = await new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? 137)))
    return encodeMessage([
      [1, Buffer.concat(output[1])],
      [2, Buffer.concat(output[2])],
      [3, code],
    ])
  }

  const serve = async (stream: ServerHttp2Stream, method: string, request: Buffer): Promise<void> => {
    stream.on('error', () => undefined)
    if (fake.silent) return
    if (fake.failure !== undefined) {
      const headers = {
        'content-type': 'application/grpc',
        'grpc-status': '2',
        'grpc-message': encodeURIComponent(fake.failure),
      }
      stream.respond(headers, { endStream: true })
      return
    }
    const message = method.endsWith('/ListContainers') ? list(request) : await exec(request)
    if (stream.destroyed) return
    stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    const header = Buffer.alloc(5)
    header.writeUInt32BE(message.length, 1)
    stream.end(Buffer.concat([header, message]))
  }

  server.on('session', (session) => sessions.add(session))
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => void serve(stream, String(headers[':path']), Buffer.concat(chunks).subarray(5)))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const fake: FakeRuntime = {
    socket: { runtime: 'containerd', kind: 'cri', path },
    silent: false,
    failure: undefined,
    async stop() {
      killAll(children)
      for (const session of sessions) session.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}
