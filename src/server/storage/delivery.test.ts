import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { deliverySuite } from '../domain/invocations/_delivery-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
deliverySuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
})
