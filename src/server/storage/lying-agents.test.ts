import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { lyingAgentsSuite } from '../domain/invocations/_lying-agents-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
lyingAgentsSuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
}, 6)
