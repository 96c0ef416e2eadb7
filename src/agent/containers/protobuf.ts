// As much of the encoding of protocol buffers as the messages of cri.ts need: numbers, bytes, texts, messages.

export type Field = readonly [number: number, value: number | string | Uint8Array]

const VARINT = 0
const BYTES = 2
/** Other kinds, which are skipped: eight and four bytes. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [1, 8],
  [5, 4],
])

/** A message; fields of value 0 or '' are their default and are left out by whoever calls. */
export const encodeMessage = (fields: readonly Field[]): Buffer =>
  Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [varint((number << 3) | VARINT), varint(value)]
      const bytes = typeof value === 'string' ? Buffer.from(value) : value
      return [varint((number << 3) | BYTES), varint(bytes.length), bytes]
    }),
  )

/** The fields of a message, in order; undefined when the bytes are none. */
export const decodeMessage = (message: Uint8Array): readonly (readonly [number, number | Buffer])[] | undefined => {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const fields: (readonly [number, number | Buffer])[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at)
    if (tag === undefined) return undefined
    at = tag.end
    const number = Math.floor(tag.value / 8)
    const kind = tag.value % 8
    const fixed = FIXED.get(kind)
    if (fixed !== undefined) {
      at += fixed
      if (at > bytes.length) return undefined
      continue
    }
    const first = kind === VARINT || kind === BYTES ? readVarint(bytes, at) : undefined
    if (first === undefined) return undefined
    at = first.end
    if (kind === VARINT) fields.push([number, first.value])
    else {
      if (at + first.value > bytes.length) return undefined
      fields.push([number, bytes.subarray(at, at + first.value)])
      at += first.value
    }
  }
  return fields
}

const varint = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

/** Ten bytes at most; a negative number comes as 64 bits and is more than can be told exactly: only its low 32 count. */
const readVarint = (bytes: Buffer, from: number): { value: number; end: number } | undefined => {
  let value = 0
  for (let at = from; at < Math.min(bytes.length, from + 10); at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * (at - from))
    if (byte < 0x80) return { value, end: at + 1 }
  }
  return undefined
}
