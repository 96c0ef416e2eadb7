import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { outputsSuite } from '../domain/outputs/_outputs-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
outputsSuite(async (stores) => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url, stores)
})
