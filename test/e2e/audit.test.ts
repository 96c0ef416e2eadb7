import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqliteConnection } from '../../src/server/storage/sqlite/driver.js'
import { createDatabase } from '../postgres/database.js'
import { Workplace } from './_cli-support.js'

let place: Workplace
beforeEach(() => {
  place = new Workplace()
})
afterEach(async () => place[Symbol.asyncDispose]())

describe('openassist audit verify', () => {
  it('says how many entries are right while the server runs, and which one was tampered with', async () => {
    await place.serve()
    for (let count = 0; count < 3; count += 1) expect((await place.run(['enroll', '-o', 'json'])).code).toBe(0)
    const whole = await place.run(['audit', 'verify', '-o', 'json'])
    expect(whole.code).toBe(0)
    const { verified, brokenAt, lastHash } = JSON.parse(whole.out) as Record<string, unknown>
    expect([verified, brokenAt]).toEqual([3, null])
    expect((await place.run(['audit', 'verify'])).out).toMatch(
      new RegExp(
        `^3 entries are as they were written\\.\\nThe last is number 3, of \\S+Z, with hash ${String(lastHash)}\\n$`,
      ),
    )

    const database = new SqliteConnection(join(place.folder, 'data', 'facts.sqlite'), [])
    database.runSync(`update audit set detail = '{}' where seq = 2`, [])
    database.close()
    const broken = await place.run(['audit', 'verify'])
    expect(broken.code).toBe(1)
    expect(broken.out).toContain('1 entry is as it was written.\n')
    expect(broken.out).toContain('Entry 2 is not: it was changed, or one before it taken out.\n')
  })

  it('reads PostgreSQL, and says what it cannot read', async () => {
    const made = await createDatabase()
    try {
      const env = { OPENASSIST_DATABASE: made.url }
      expect(await place.run(['audit', 'verify'], { env })).toMatchObject({
        code: 1,
        err: expect.stringContaining('the audit log cannot be read: ') as string,
      })
    } finally {
      await made.drop()
    }
    const nothing = await place.run(['audit', 'verify', '--data', 'nowhere'])
    expect(nothing).toMatchObject({ code: 1, out: '' })
    expect(nothing.err).toContain('facts.sqlite is not there')
    expect(nothing.err).not.toMatch(/\n +at /)
  })
})
