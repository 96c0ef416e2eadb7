import { describe, expect, it } from 'vitest'
import { DIALECTS, openTestStore, sealer } from './_support.js'
import { Sealer } from './sealer.js'
import { readSealedSetting, writeSealedSetting } from './setting-store.js'

describe('a sealed value', () => {
  it('is opened with the key and for the purpose that it was sealed with, and for nothing else', () => {
    const sealed = sealer.seal('a secret ä', 'setting/ca')
    expect(sealer.open(sealed, 'setting/ca')).toBe('a secret ä')
    expect(() => sealer.open(sealed, 'setting/other')).toThrow(/cannot be opened/)
    expect(() => new Sealer(Buffer.alloc(32, 2)).open(sealed, 'setting/ca')).toThrow(/key file/)
  })

  it('that was changed in any byte is none', () => {
    const sealed = sealer.seal('secret', 'p')
    for (let index = 0; index < sealed.byteLength; index += 1) {
      const changed = Buffer.from(sealed)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(() => sealer.open(changed, 'p')).toThrow()
    }
    for (const short of [0, 1, 12, 28]) expect(() => sealer.open(sealed.subarray(0, short), 'p')).toThrow()
  })

  it('tells nothing by being the same twice', () => {
    expect(Buffer.from(sealer.seal('secret', 'p'))).not.toEqual(Buffer.from(sealer.seal('secret', 'p')))
  })

  it('needs a key of 32 bytes', () => {
    expect(() => new Sealer(Buffer.alloc(16))).toThrow(/32 bytes/)
  })
})

for (const dialect of DIALECTS) {
  describe(`a secret setting on ${dialect}`, () => {
    it('such as the key of the authority lies in the database sealed', async () => {
      await using store = await openTestStore(dialect)
      await writeSealedSetting(store.database, sealer, 'ca', '-----BEGIN PRIVATE KEY-----', false)
      expect(await readSealedSetting(store.database, sealer, 'ca')).toBe('-----BEGIN PRIVATE KEY-----')
      const rows = await store.database.reader.all('select * from setting')
      expect(rows).toHaveLength(1)
      const raw = Object.values(rows[0]!).map((value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
      )
      expect(JSON.stringify(raw)).not.toContain('PRIVATE')
    })

    it('of two nodes that start at once is the one that was there first', async () => {
      await using store = await openTestStore(dialect)
      await Promise.all(['one', 'two'].map((value) => writeSealedSetting(store.database, sealer, 'ca', value, true)))
      const first = await readSealedSetting(store.database, sealer, 'ca')
      await writeSealedSetting(store.database, sealer, 'ca', 'three', true)
      expect(await readSealedSetting(store.database, sealer, 'ca')).toBe(first)
      await writeSealedSetting(store.database, sealer, 'ca', 'three', false)
      expect(await readSealedSetting(store.database, sealer, 'ca')).toBe('three')
    })
  })
}
