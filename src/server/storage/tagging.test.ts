import { createDatabase } from '../../../test/postgres/database.js'
import { openWorld } from '../domain/_support.js'
import { taggingSuite } from '../domain/tagging/_tagging-suite.js'

// What SQLite is held to in the domain's own tests, on PostgreSQL.
taggingSuite(async () => {
  const made = await createDatabase()
  return openWorld(undefined, undefined, made.url)
})
