import { hash as digest } from 'node:crypto'

/** Of SHA-1, SHA-256 and SM3 alike. */
const BLOCK = 64
/** Texts up to this many UTF-16 units are hashed from one buffer that is used again. */
const SHORT = 1_500

/**
 * A key for HMAC (RFC 2104) by any hash with a block of 64 bytes. Two one-shot digests instead of `createHmac`: that
 * makes an object with a native handle for each signature, which costs as much again and keeps the garbage collector
 * busy.
 */
export class HmacKey {
  readonly #secret: Buffer
  /** By hash. */
  readonly #pads = new Map<string, Pads>()

  constructor(secret: string) {
    this.#secret = Buffer.from(secret, 'utf8')
  }

  /** @param text is signed as UTF-8 */
  sign(hash: string, text: string, encoding: 'base64' | 'hex'): string {
    let pads = this.#pads.get(hash)
    if (pads === undefined) this.#pads.set(hash, (pads = padsOf(this.#secret, hash)))
    const { inner, outer } = pads
    if (text.length <= SHORT) {
      const end = BLOCK + inner.write(text, BLOCK, 'utf8')
      outer.write(digest(hash, inner.subarray(0, end), 'binary'), BLOCK, 'binary')
    } else {
      const whole = Buffer.concat([inner.subarray(0, BLOCK), Buffer.from(text, 'utf8')])
      outer.write(digest(hash, whole, 'binary'), BLOCK, 'binary')
    }
    return digest(hash, outer, encoding)
  }
}

interface Pads {
  /** The key's inner block, and room for a text. */
  readonly inner: Buffer
  /** The key's outer block, and room for a digest. */
  readonly outer: Buffer
}

const padsOf = (secret: Buffer, hash: string): Pads => {
  const short = secret.length > BLOCK ? Buffer.from(digest(hash, secret, 'binary'), 'binary') : secret
  const inner = Buffer.alloc(BLOCK + SHORT * 3)
  const outer = Buffer.alloc(BLOCK + Buffer.byteLength(digest(hash, '', 'binary'), 'binary'))
  for (let index = 0; index < BLOCK; index += 1) {
    const byte = short[index] ?? 0
    inner[index] = byte ^ 0x36
    outer[index] = byte ^ 0x5c
  }
  return { inner, outer }
}
