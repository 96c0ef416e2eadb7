/** @returns the bytes, or the sentence that the vendor's agent has for it */
export const decodeBase64 = (text: string): Buffer | string => {
  // Upstream: line ends inside are skipped.
  const bare = text.replace(/[\r\n]/g, '')
  const stray = bare.search(/[^A-Za-z0-9+/]/)
  const digits = stray === -1 ? bare.length : stray
  const padding = bare.slice(digits)
  const expected = ['', undefined, '==', '='][digits % 4]
  if (padding !== expected) {
    const at = /^={0,2}$/.test(padding) || stray === -1 ? digits - (digits % 4) : stray
    return `illegal base64 data at input byte ${at}`
  }
  return Buffer.from(bare, 'base64')
}

/** First line of a script, without its line feed. */
export const firstLine = (script: Buffer): string => {
  const end = script.subarray(0, 256).indexOf(0x0a)
  return script.subarray(0, end === -1 ? 256 : end).toString('latin1')
}
