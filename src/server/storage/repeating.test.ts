import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { repeatingSuite } from '../domain/invocations/_repeating-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
repeatingSuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
})
