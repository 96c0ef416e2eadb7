import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { rolloutSuite } from '../domain/rollouts/_rollout-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
rolloutSuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
})
