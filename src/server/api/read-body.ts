import type { IncomingMessage } from 'node:http'
import { GATEWAY_ERRORS } from '../contract/common-errors.js'
import { WireError } from './wire-errors.js'

/** The peer went away before its request was complete: there is nobody to answer. */
export class ClientGone extends Error {}

export interface BodyBounds {
  readonly maxBodyBytes: number
  readonly bodyDeadlineMs: number
}

/** What the door may hold at a time. */
export interface Room {
  /** Takes bytes of it; false when there are not so many left. */
  reserve(bytes: number): boolean
}

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** The whole body. Errors: too large, too slow, no room; then the rest of it was not read. */
export const readBody = async (
  request: IncomingMessage,
  { maxBodyBytes, bodyDeadlineMs }: BodyBounds,
  room: Room,
): Promise<Buffer> => {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes)
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
      if (size > maxBodyBytes) finish(tooLarge(maxBodyBytes))
      else if (!room.reserve(chunk.length)) finish(noRoom())
      else chunks.push(chunk)
    }
    const onEnd = (): void => finish(undefined)
    const onClose = (): void => finish(new ClientGone('The connection ended within the body.'))
    const timer = setTimeout(
      () => finish(new WireError(GATEWAY_ERRORS.bodyTooSlow, [], { close: true })),
      bodyDeadlineMs,
    )
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  })
}

const ignore = (): void => undefined

const tooLarge = (maxBytes: number): WireError =>
  new WireError(GATEWAY_ERRORS.bodyTooLarge, [maxBytes], { close: true })

const noRoom = (): WireError =>
  new WireError(GATEWAY_ERRORS.throttled, [], { headers: { 'x-acs-retry-after': '1000' }, close: true })
