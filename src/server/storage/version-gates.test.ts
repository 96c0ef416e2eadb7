import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { versionGatesSuite } from '../domain/fleet/_version-gates-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
versionGatesSuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
})
