// Where bytes may be cut without splitting a UTF-8 character. Bytes that are no UTF-8 are cut anywhere.

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

const lengthAfter = (lead: number): number =>
  lead >= 0xf0 && lead < 0xf8 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1

/** How many of these bytes can go out so that a last character that is not complete yet stays behind. */
export const completeLength = (bytes: Uint8Array): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (isContinuation(byte)) continue
    return byte < 0xf8 && lengthAfter(byte) > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** How many bytes at the start are the rest of a character whose beginning is not here: 0 to 3. */
export const strayPrefix = (bytes: Uint8Array): number => {
  let stray = 0
  while (stray < 3 && isContinuation(bytes[stray])) stray++
  return isContinuation(bytes[stray]) ? 0 : stray
}
