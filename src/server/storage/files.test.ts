import { expect, it } from 'vitest'
import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { fileStorm } from '../domain/files/_file-storm.js'
import { fileSuite } from '../domain/files/_file-suite.js'
import { FILE_CLASSES, type FileCounts, fileSendStatus } from '../domain/files/file-roll-up.js'
import { DIALECTS, openTestStore } from './_support.js'
import { FILE_STATUS_CONDITIONS } from './file-store.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
const openOnPostgres = async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
}
fileSuite(openOnPostgres)
fileStorm(openOnPostgres, [1, 2])

for (const dialect of DIALECTS) {
  it(`a filter by the state of a send finds what the roll-up tells, on ${dialect}`, async () => {
    await using store = await openTestStore(dialect)
    const wrong: unknown[] = []
    for (let mix = 1; mix < 1 << FILE_CLASSES.length; mix += 1) {
      const counts = Object.fromEntries(FILE_CLASSES.map((name, index) => [name, (mix >> index) & 1])) as FileCounts
      const columns = FILE_CLASSES.map((name) => `${counts[name]} as n_${name}`).join(', ')
      for (const [name, condition] of Object.entries(FILE_STATUS_CONDITIONS)) {
        const text = `select case when ${condition} then 1 else 0 end as found from (select ${columns}) as i`
        const found = (await store.database.reader.get(text))?.['found'] === 1
        if (found !== (fileSendStatus(counts) === name)) wrong.push({ counts, name })
      }
    }
    expect(wrong).toEqual([])
  })
}
