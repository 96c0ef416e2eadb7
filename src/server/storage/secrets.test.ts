import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { secretsSuite } from '../domain/secrets/_secrets-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
secretsSuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
})
