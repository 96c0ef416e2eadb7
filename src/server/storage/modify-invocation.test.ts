import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { modifySuite } from '../domain/invocations/_modify-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
modifySuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
})
