import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import aws4 from 'aws4'

export const S3_KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a/secret+with=signs' }

/** An answer in place of what the store would do. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A strict S3 over loopback: PUT alone, and only what the key signed, content too. Signatures are made by another library. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string
  /** `Host /path` with its content. */
  readonly objects: ReadonlyMap<string, string>
  readonly requests: number
  answer: Answer | undefined
}

export const startS3Server = async (region = 'us-east-1', bucket = 'outputs'): Promise<S3Server> => {
  const objects = new Map<string, string>()
  const state: { requests: number; answer: Answer | undefined } = { requests: 0, answer: undefined }
  const server = createServer((request, response) => {
    state.requests += 1
    if (state.answer === undefined) void serve(request, response)
    else state.answer(request, response)
  })

  const refuse = (response: ServerResponse, status: number, code: string): void => {
    response.writeHead(status, { 'content-type': 'application/xml' })
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>a message</Message></Error>`)
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const content = await buffer(request)
    const { method = '', url = '', headers } = request
    const host = headers.host ?? ''
    const [, id, , scopeRegion] =
      /Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request/.exec(headers.authorization ?? '') ?? []
    if (id !== S3_KEY.accessKeyId) return refuse(response, 403, 'InvalidAccessKeyId')
    if (scopeRegion !== region) return refuse(response, 400, 'AuthorizationHeaderMalformed')
    if (headers['x-amz-content-sha256'] !== createHash('sha256').update(content).digest('hex'))
      return refuse(response, 400, 'XAmzContentSHA256Mismatch')
    const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? []
    const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]))
    const { headers: expected } = aws4.sign({ service: 's3', region, method, path: url, host, headers: signed }, S3_KEY)
    if (expected?.['Authorization'] !== headers.authorization) return refuse(response, 403, 'SignatureDoesNotMatch')
    if (method !== 'PUT') return refuse(response, 405, 'MethodNotAllowed')
    if (!url.startsWith(`/${bucket}/`) && !host.startsWith(`${bucket}.`)) return refuse(response, 404, 'NoSuchBucket')
    objects.set(`${host.replace(/:\d+$/, '')} ${url}`, content.toString())
    response.writeHead(200, { etag: '"x"' }).end()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    get requests() {
      return state.requests
    },
    set answer(answer: Answer | undefined) {
      state.answer = answer
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}
