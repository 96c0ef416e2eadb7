import type { IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  ANSWER_LIMIT,
  ANSWER_MS,
  type Container,
  type ContainerRuntime,
  type ExecRequest,
  RuntimeFailure,
  type RunningExec,
} from './container-runtime.js'
import { splitStreams } from './docker-streams.js'

// The HTTP API of the Docker Engine over its socket, without a version in the path: each daemon takes its newest.

interface ListedContainer {
  readonly Id?: unknown
  readonly Names?: unknown
  readonly State?: unknown
}

/** After a script's streams have ended its exit code may not be there yet. */
const INSPECTIONS = 20
const INSPECTION_PAUSE_MS = 250

export const dockerRuntime = (socketPath: string): ContainerRuntime => {
  const call = async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> => {
    const { status, text } = await exchange(socketPath, method, path, body)
    const answer = parse(text)
    if (status >= 200 && status < 300) return answer
    const said = (answer as { message?: unknown } | undefined)?.message
    throw new RuntimeFailure('internal', typeof said === 'string' ? said : `Docker answered ${status}`)
  }

  return {
    async list(id, name) {
      // Upstream: a name is a pattern to Docker, and found anywhere in names.
      const filters = JSON.stringify(id !== '' ? { id: [id] } : { name: [`^/?${name.replaceAll('.', '\\.')}$`] })
      const answer = await call('GET', `/containers/json?all=true&filters=${encodeURIComponent(filters)}`)
      if (!Array.isArray(answer)) throw new RuntimeFailure('internal', 'Docker answered something else than containers')
      return answer.map(toContainer)
    },

    async exec({ containerId, command, onOutput }: ExecRequest): Promise<RunningExec> {
      const made = (await call('POST', `/containers/${containerId}/exec`, {
        AttachStdout: true,
        AttachStderr: true,
        Tty: false,
        Cmd: command,
      })) as { Id?: unknown } | undefined
      const execId = made?.Id
      if (typeof execId !== 'string' || !/^[0-9A-Za-z]{1,128}$/.test(execId))
        throw new RuntimeFailure('internal', 'Docker named no exec')
      const stream = await hijack(socketPath, `/exec/${execId}/start`)
      const streamed = splitStreams(stream, onOutput)
      const exitCode = async (): Promise<number> => {
        await streamed
        for (let look = 0; look < INSPECTIONS; look++) {
          const found = (await call('GET', `/exec/${execId}/json`)) as { Running?: unknown; ExitCode?: unknown }
          if (found.Running === false && typeof found.ExitCode === 'number') return found.ExitCode
          await new Promise((resolve) => setTimeout(resolve, INSPECTION_PAUSE_MS))
        }
        throw new RuntimeFailure('internal', 'Exec session in the container terminated but process still running')
      }
      return { ended: exitCode(), close: () => stream.destroy() }
    },
  }
}

const toContainer = ({ Id, Names, State }: ListedContainer): Container => ({
  id: String(Id),
  // Upstream: names come with a slash in front; those of links have more.
  names: Array.isArray(Names) ? Names.map((name) => String(name).replace(/^\//, '')) : [],
  state: String(State).toUpperCase(),
})

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const failureOf = (error: NodeJS.ErrnoException): RuntimeFailure =>
  error instanceof RuntimeFailure ? error : new RuntimeFailure('unreachable', error.message)

const open = (socketPath: string, method: 'GET' | 'POST', path: string, body: unknown, upgrade: boolean) => {
  const text = body === undefined ? '' : JSON.stringify(body)
  const request = httpRequest({
    socketPath,
    method,
    path,
    agent: false,
    headers: {
      Host: 'docker',
      ...(method === 'POST' ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } : {}),
      ...(upgrade ? { Connection: 'Upgrade', Upgrade: 'tcp' } : {}),
    },
  })
  request.end(text)
  const timer = setTimeout(() => request.destroy(new RuntimeFailure('timeout', 'Docker does not answer')), ANSWER_MS)
  return { request, stopTimer: () => clearTimeout(timer) }
}

const exchange = (
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const { request, stopTimer } = open(socketPath, method, path, body, false)
    const fail = (error: Error): void => {
      stopTimer()
      reject(failureOf(error))
    }
    request.on('error', fail)
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('error', fail)
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        chunks.push(chunk)
        if (length > ANSWER_LIMIT) request.destroy(new RuntimeFailure('internal', 'Docker answers too much'))
      })
      response.on('end', () => {
        stopTimer()
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
      })
    })
  })

/** Starts an exec; the connection becomes the streams of the program. */
const hijack = (socketPath: string, path: string): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const { request, stopTimer } = open(socketPath, 'POST', path, { Detach: false, Tty: false }, true)
    request.on('error', (error) => {
      stopTimer()
      reject(failureOf(error))
    })
    request.on('upgrade', (_response: IncomingMessage, socket: Duplex, head: Buffer) => {
      stopTimer()
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    request.on('response', (response: IncomingMessage) => {
      response.resume()
      stopTimer()
      reject(new RuntimeFailure('internal', `Docker answered ${response.statusCode} to the start of a program`))
    })
  })
