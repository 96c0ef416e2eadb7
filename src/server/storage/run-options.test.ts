import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { runOptionsSuite } from '../domain/invocations/_run-options-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
runOptionsSuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
})
