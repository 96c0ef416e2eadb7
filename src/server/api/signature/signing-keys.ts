import { HmacKey } from './hmac-key.js'

/** The two forms in which a secret signs: V1 puts an ampersand behind it (rpc.md §1.3, §1.5). */
export interface SigningKeys {
  readonly v1: HmacKey
  readonly v3: HmacKey
}

interface Entry extends SigningKeys {
  readonly secret: string
}

/** A key costs more to make than an HMAC to compute: those last used are kept. */
export const createSigningKeys = (capacity = 1_000) => {
  const entries = new Map<string, Entry>()
  return {
    of(accessKeyId: string, secret: string): SigningKeys {
      const kept = entries.get(accessKeyId)
      if (kept !== undefined && kept.secret === secret) return kept
      const made: Entry = {
        secret,
        v1: new HmacKey(`${secret}&`),
        v3: new HmacKey(secret),
      }
      entries.delete(accessKeyId)
      if (entries.size >= capacity) {
        const oldest = entries.keys().next()
        if (oldest.done !== true) entries.delete(oldest.value)
      }
      entries.set(accessKeyId, made)
      return made
    },
  }
}

export type SigningKeyCache = ReturnType<typeof createSigningKeys>
