import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { Fault } from '../domain/faults.js'
import type { PageTokens } from './paging.js'

const MAC_BYTES = 15
/** Longer than any cursor that this server makes; a longer token is not one of ours. */
const MAX_TOKEN_CHARACTERS = 2_048

/**
 * Tokens of one list as one caller filters it: base64url of a truncated HMAC and the cursor.
 * @param binding whose list it is and how it is filtered; a function is asked only when a token is made or read
 */
export const createPageTokens = (key: Buffer | KeyObject, binding: string | (() => string)): PageTokens => {
  const macOf = (cursor: Buffer): Buffer =>
    createHmac('sha256', key)
      .update(typeof binding === 'string' ? binding : binding())
      .update('\0')
      .update(cursor)
      .digest()
      .subarray(0, MAC_BYTES)
  return {
    seal(cursor) {
      if (cursor === undefined) return ''
      const bytes = Buffer.from(cursor, 'utf8')
      return Buffer.concat([macOf(bytes), bytes]).toString('base64url')
    },
    open(token) {
      // 15 bytes are 20 characters, so the shortest token with a cursor is longer.
      if (token.length <= 20 || token.length > MAX_TOKEN_CHARACTERS) throw new Fault('page-token/malformed')
      const bytes = Buffer.from(token, 'base64url')
      // Decoding skips what is not base64url: a token is only good in the spelling that it was given in.
      if (bytes.toString('base64url') !== token) throw new Fault('page-token/malformed')
      const cursor = bytes.subarray(MAC_BYTES)
      if (!timingSafeEqual(macOf(cursor), bytes.subarray(0, MAC_BYTES))) throw new Fault('page-token/malformed')
      return cursor.toString('utf8')
    },
  }
}
