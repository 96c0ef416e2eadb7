import type { IncomingMessage } from 'node:http'
import { GATEWAY_ERRORS } from '../contract/common-errors.js'
import { WireError } from './wire-errors.js'

/** The peer went away before its request was complete: there is nobody to answer. */
export class ClientGone extends Error {}

export interface BodyBounds {
  readonly maxBytes: number
  readonly deadlineMs: number
  /** Takes bytes from what the door may hold at a time. */
  readonly reserve: (bytes: number) => boolean
}

const NO_BODY: Buffer = Buffer.alloc(0)

/** The whole body. Errors: too large, too slow, no room; then the rest of it was not read. */
export const readBody = (request: IncomingMessage, bounds: BodyBounds): Buffer | Promise<Buffer> => {
  if (!hasBody(request)) return NO_BODY
  if (Number(request.headers['content-length'] ?? 0) > bounds.maxBytes) throw tooLarge(bounds.maxBytes)
  if (request.destroyed) throw new ClientGone('The connection ended before the body.')
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const finish = (error: Error | undefined): void => {
      clearTimeout(timer)
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
      // An error that comes after this one has nobody to tell.
      request.on('error', ignore)
      if (error !== undefined) {
        request.pause()
        reject(error)
        return
      }
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size))
    }
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size > bounds.maxBytes) finish(tooLarge(bounds.maxBytes))
      else if (!bounds.reserve(chunk.length)) finish(noRoom())
      else chunks.push(chunk)
    }
    const onEnd = (): void => finish(undefined)
    const onClose = (): void => finish(new ClientGone('The connection ended within the body.'))
    const timer = setTimeout(
      () => finish(new WireError(GATEWAY_ERRORS.bodyTooSlow, [], { close: true })),
      bounds.deadlineMs,
    )
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  })
}

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

const ignore = (): void => undefined

const tooLarge = (maxBytes: number): WireError =>
  new WireError(GATEWAY_ERRORS.bodyTooLarge, [maxBytes], { close: true })

const noRoom = (): WireError =>
  new WireError(GATEWAY_ERRORS.throttled, [], { headers: { 'x-acs-retry-after': '1000' }, close: true })
