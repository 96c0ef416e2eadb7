// Requests as a client sends them, over kept connections. Whatever breaks is an error of type Unanswered: nobody knows
// then whether the server did what it was asked.
import { Agent, request as httpRequest } from 'node:http'

export class Unanswered extends Error {}

export interface HttpAnswer {
  readonly status: number
  readonly body: Buffer
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

export class HttpClient implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 })
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  ask({ method, path, headers, body = '' }: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void => reject(new Unanswered(cause.message, { cause }))
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port: this.#port,
          agent: this.#agent,
          method,
          path,
          headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
          timeout: 60_000,
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', fail)
          response.on('close', () => {
            // An answer that was cut off is none.
            if (!response.complete) fail(new Error('cut off'))
            else resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) })
          })
        },
      )
      request.on('error', fail)
      request.on('timeout', () => request.destroy(new Error('no answer within 60 s')))
      request.end(body)
    })
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}
