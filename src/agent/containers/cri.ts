import type { ClientHttp2Session } from 'node:http2'
import { connect as connectSocket, type Socket } from 'node:net'
import {
  ANSWER_LIMIT,
  ANSWER_MS,
  type Container,
  type ContainerRuntime,
  type ExecRequest,
  RuntimeFailure,
  type RunningExec,
} from './container-runtime.js'
import { decodeMessage, encodeMessage } from './protobuf.js'

// The container runtime interface of Kubernetes, gRPC over the socket of containerd, CRI-O or cri-dockerd: the three
// calls that are needed, as runtime.v1 declares them. A program's output comes at its end.

const SERVICE = '/runtime.v1.RuntimeService/'
const STATES = ['CREATED', 'RUNNING', 'EXITED', 'UNKNOWN']
/** gRPC's own numbers of what went wrong. */
const DEADLINE_EXCEEDED = '4'

export const criRuntime = (socketPath: string): ContainerRuntime => ({
  async list(id, name) {
    // ListContainersRequest { ContainerFilter filter = 1 { string id = 1 } }
    const filter = id === '' ? [] : ([[1, encodeMessage([[1, id]])]] as const)
    const call = await startCall(socketPath, 'ListContainers', encodeMessage(filter), ANSWER_MS)
    const found = fieldsOf(await call.answer)
      .filter(([number]) => number === 1)
      .map(([, value]) => toContainer(value))
    return id === '' ? found.filter((container) => container.names.includes(name)) : found
  },

  async exec({ containerId, command, onOutput }: ExecRequest): Promise<RunningExec> {
    // ExecSyncRequest { string container_id = 1; repeated string cmd = 2; int64 timeout = 3 }
    const request = encodeMessage([[1, containerId], ...command.map((word) => [2, word] as const)])
    const call = await startCall(socketPath, 'ExecSync', request, undefined)
    const ended = call.answer.then((answer) => {
      // ExecSyncResponse { bytes stdout = 1; bytes stderr = 2; int32 exit_code = 3 }
      let exitCode = 0
      for (const [number, value] of fieldsOf(answer)) {
        if ((number === 1 || number === 2) && typeof value !== 'number') onOutput(value)
        if (number === 3 && typeof value === 'number') exitCode = value | 0
      }
      return exitCode
    })
    return { ended, close: () => call.close() }
  },
})

/** Container { string id = 1; ContainerMetadata metadata = 3 { string name = 1 }; ContainerState state = 6 } */
const toContainer = (value: number | Buffer): Container => {
  const fields = new Map(typeof value === 'number' ? [] : fieldsOf(value))
  const metadata = fields.get(3)
  const name = metadata instanceof Buffer ? new Map(fieldsOf(metadata)).get(1) : undefined
  const state = fields.get(6) ?? 0
  return {
    id: String(fields.get(1) ?? ''),
    names: name === undefined ? [] : [String(name)],
    state: STATES[Number(state)] ?? 'UNKNOWN',
  }
}

const fieldsOf = (message: Uint8Array): readonly (readonly [number, number | Buffer])[] => {
  const fields = decodeMessage(message)
  if (fields === undefined) throw new RuntimeFailure('internal', 'the runtime answered something that is no message')
  return fields
}

interface Call {
  readonly answer: Promise<Buffer>
  close(): void
}

/** One call on a connection of its own. The answer rejects with `RuntimeFailure`. */
const startCall = async (
  socketPath: string,
  method: string,
  message: Buffer,
  timeoutMs: number | undefined,
): Promise<Call> => {
  // Loaded when it is needed: an idle agent does without it.
  const http2 = await import('node:http2')
  const socket = await connected(socketPath)
  const session: ClientHttp2Session = http2.connect('http://localhost', { createConnection: () => socket })
  const answer = new Promise<Buffer>((resolve, reject) => {
    const fail = (kind: RuntimeFailure['kind'], why: string): void => reject(new RuntimeFailure(kind, why))
    session.on('error', (error: Error) => fail('internal', error.message))
    session.on('close', () => fail('internal', 'the container runtime closed the connection'))
    const stream = session.request({
      ':method': 'POST',
      ':path': `${SERVICE}${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => fail('timeout', 'the container runtime does not answer'), timeoutMs)
    const chunks: Buffer[] = []
    let length = 0
    let status: string | undefined
    let said = ''
    const note = (headers: Record<string, unknown>): void => {
      const { 'grpc-status': code, 'grpc-message': text } = headers
      if (typeof code === 'string') status = code
      if (typeof text === 'string') said = decodeText(text)
    }
    stream.on('response', note)
    stream.on('trailers', note)
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length
      // Output that is longer than anybody keeps: what the runtime itself limits to 16 MiB, with some room.
      if (length > 2 * ANSWER_LIMIT) fail('internal', 'the container runtime answers too much')
      else chunks.push(chunk)
    })
    stream.on('error', (error: Error) => fail('internal', error.message))
    stream.on('close', () => {
      clearTimeout(timer)
      if (status === '0') resolve(unframe(Buffer.concat(chunks), reject))
      else fail(status === DEADLINE_EXCEEDED ? 'timeout' : 'internal', said || `the container runtime said ${status}`)
    })
    stream.end(frame(message))
  })
  const close = (): void => session.destroy()
  void answer.then(close, close)
  return { answer, close }
}

/** A socket that somebody listens on: one that nobody does is told apart from one that breaks off. */
const connected = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connectSocket(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', (error) => reject(new RuntimeFailure('unreachable', error.message)))
  })

/** A message of gRPC: not compressed, its length, its bytes. */
const frame = (message: Buffer): Buffer => {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(message.length, 1)
  return Buffer.concat([header, message])
}

const unframe = (bytes: Buffer, reject: (failure: RuntimeFailure) => void): Buffer => {
  const isWhole = bytes.length >= 5 && bytes[0] === 0 && bytes.readUInt32BE(1) === bytes.length - 5
  if (!isWhole) reject(new RuntimeFailure('internal', 'the container runtime answered half a message'))
  return bytes.subarray(5)
}

const decodeText = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
