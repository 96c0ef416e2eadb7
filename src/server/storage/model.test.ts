import { createDatabase } from '../../../test/postgres/database.js'
import { modelSuite } from '../../../test/model/model-suite.js'
import { openWorld } from '../domain/_support.js'

modelSuite(
  'PostgreSQL',
  async () => {
    const made = await createDatabase()
    return openWorld(undefined, undefined, made.url)
  },
  { walks: 2, steps: 600 },
)
