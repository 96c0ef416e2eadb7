import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { registrationSuite } from '../domain/fleet/_registration-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
registrationSuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
})
