import type { IncomingMessage } from 'node:http'

export type ReadBody =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly status: 400 | 408 | 413; readonly reason: string }

const TOO_LONG: ReadBody = { ok: false, status: 413, reason: 'The body is too long.' }
const TOO_LATE: ReadBody = { ok: false, status: 408, reason: 'The body did not arrive in time.' }
const CUT_OFF: ReadBody = { ok: false, status: 400, reason: 'The body was cut off.' }

/**
 * Reads a body of at most so many bytes.
 * @param keep false: to its end, and gives no byte of it back
 */
export const readBody = (
  request: IncomingMessage,
  maxBytes: number,
  timeoutMs: number,
  keep = true,
): Promise<ReadBody> =>
  new Promise((resolve) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return resolve(TOO_LONG)
    if (request.destroyed) return resolve(CUT_OFF)
    const chunks: Buffer[] = []
    let bytes = 0
    const end = (result: ReadBody): void => {
      clearTimeout(timer)
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
      if (!result.ok) {
        request.on('error', ignore)
        request.pause()
      }
      resolve(result)
    }
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes > maxBytes) end(TOO_LONG)
      else if (keep) chunks.push(chunk)
    }
    const onEnd = (): void => {
      const [only] = chunks
      end({ ok: true, bytes: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks) })
    }
    const onClose = (): void => end(CUT_OFF)
    const timer = setTimeout(() => end(TOO_LATE), timeoutMs)
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  })

const ignore = (): void => undefined
