import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { LINGER_MS } from './limits.js'
import * as refusals from './refusal.js'

export type ClientErrorReason = 'malformed' | 'too-large' | 'too-slow' | 'failed' | 'repeated'

/**
 * Answers bytes that are no request: Node would close without a word, or with an empty body that SDKs cannot read.
 * @param response the newest response of that connection, if a request is being read
 * @returns what was wrong; `failed` when the connection itself broke, `repeated` when it was answered before
 */
export const answerClientError = (
  error: NodeJS.ErrnoException,
  socket: Duplex,
  response: ServerResponse | undefined,
): ClientErrorReason => {
  const code = error.code ?? ''
  const reason = reasonOf(code)
  if (reason === 'failed') {
    socket.destroy()
    return reason
  }
  if (socket.writableEnded || socket.destroyed) return 'repeated'
  // An answer has begun, or answers of earlier requests are still to come: another one would land among them.
  const canAnswer =
    response === undefined || response.writableFinished || (response.socket !== null && !response.headersSent)
  if (canAnswer) lingeringClose(socket, refusals.rawRefusal(REFUSALS[reason]))
  else socket.destroy()
  return reason
}

const REFUSALS = {
  malformed: refusals.MALFORMED,
  'too-large': refusals.HEADERS_TOO_LARGE,
  'too-slow': refusals.TOO_SLOW,
}

const reasonOf = (code: string): 'malformed' | 'too-large' | 'too-slow' | 'failed' => {
  if (code === 'HPE_HEADER_OVERFLOW') return 'too-large'
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'too-slow'
  return code.startsWith('HPE_') ? 'malformed' : 'failed'
}

/** Sends a last answer and reads on for a moment: closing at once would reset the connection before it arrives. */
export const lingeringClose = (socket: Duplex, answer: string): void => {
  socket.on('error', () => undefined)
  socket.end(answer)
  socket.resume()
  const limit = setTimeout(() => socket.destroy(), LINGER_MS)
  limit.unref()
  socket.once('close', () => clearTimeout(limit))
}
