// Scripts and outputs travel as Base64 or as text (api.md §4.1, §8.1).

/** Bytes of a script in its Base64 form (api.md §4.1). */
export const CONTENT_LIMIT = 24_576

/** What is in a parameter that is said to be Base64, or undefined. White space inside is allowed, as MIME writes it. */
export const decodeBase64 = (given: string): Uint8Array | undefined => {
  const bare = given.replace(/[ \t\r\n]+/g, '')
  // Padding is required: a plain script that was sent without its ContentEncoding must not be taken for Base64.
  if (bare === '' || bare.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(bare)) return undefined
  return Buffer.from(bare, 'base64')
}

/** Length of the Base64 form of that many bytes. */
export const base64Length = (bytes: number): number => 4 * Math.ceil(bytes / 3)

/** Bytes as an answer tells them. Without an encoding asked for it is Base64; bad UTF-8 becomes U+FFFD. */
export const encodeBytes = (bytes: Uint8Array | undefined, encoding: string | undefined): string => {
  if (bytes === undefined) return ''
  if (encoding === 'PlainText') return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** A script as it is run: the decoded parameter, or undefined when it is not the Base64 that it is said to be. */
export const scriptOf = (content: string, encoding: 'PlainText' | 'Base64'): Uint8Array | undefined =>
  encoding === 'Base64' ? decodeBase64(content) : Buffer.from(content, 'utf8')
