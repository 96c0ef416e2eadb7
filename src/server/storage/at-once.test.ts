import { createDatabase } from '../../../test/postgres/database.js'
import { atOnceSuite, LIMITS } from '../domain/_at-once-suite.js'
import { openWorld } from '../domain/_support.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
atOnceSuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url, undefined, LIMITS)
})
