import { createHmac, getHashes } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { HmacKey } from './hmac-key.js'

const hashes = ['sha1', 'sha256', 'sm3'].filter((hash) => getHashes().includes(hash))

it.each(hashes)('signs as the runtime’s HMAC with %s does, whatever key and text', (hash) => {
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.array(text), (secret, texts) => {
      const key = new HmacKey(secret)
      // One key signs short and long texts in turn: nothing of one is left in the next.
      for (const one of [...texts, 'x'.repeat(1_500), 'ü'.repeat(1_500), '漢'.repeat(1_501), '']) {
        for (const encoding of ['base64', 'hex'] as const)
          expect(key.sign(hash, one, encoding)).toBe(createHmac(hash, secret).update(one).digest(encoding))
      }
    }),
    { numRuns: 30 },
  )
})
