import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Seals secrets at rest with AES-256-GCM (design D9). A sealed value is bound to its purpose (a table and a row), so
 * that it cannot be moved to another row.
 */
export class Sealer {
  readonly #key: Buffer
  readonly #root: Buffer

  /** @param root 32 bytes of the key file */
  constructor(root: Buffer) {
    if (root.byteLength !== 32) throw new Error('The key file must hold 32 bytes, written as 64 hexadecimal digits.')
    this.#root = root
    this.#key = this.derive('seal')
  }

  /** A key of its own for another use, such as signing page tokens. */
  derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#root, 'openassist', purpose, 32))
  }

  seal(plaintext: string, purpose: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    cipher.setAAD(Buffer.from(purpose))
    const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
    return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), sealed])
  }

  /** @throws Error when it was sealed with another key, for another purpose, or was changed */
  open(sealed: Uint8Array, purpose: string): string {
    const bytes = Buffer.from(sealed)
    const nonce = bytes.subarray(1, 1 + NONCE_BYTES)
    const tag = bytes.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES)
    if (bytes[0] !== VERSION || tag.byteLength !== TAG_BYTES) throw new Error('This is not a sealed value.')
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(Buffer.from(purpose))
      decipher.setAuthTag(tag)
      const body = bytes.subarray(1 + NONCE_BYTES + TAG_BYTES)
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
    } catch (cause) {
      throw new Error('A sealed value cannot be opened: the key file is not the one it was sealed with.', { cause })
    }
  }
}
