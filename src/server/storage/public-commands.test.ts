import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { publicCommandsSuite } from '../domain/commands/_public-commands-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
publicCommandsSuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
})
