import { openWorld } from '../../src/server/domain/_support.js'
import { modelSuite } from '../model/model-suite.js'
import { createDatabase } from '../postgres/database.js'

// The long forms of src/server/domain/model.test.ts and src/server/storage/model.test.ts: 100,000 steps and more.
const say = (line: string): void => console.log(line)

modelSuite('SQLite', openWorld, { walks: 80, steps: 1_000, say })
modelSuite(
  'PostgreSQL',
  async () => {
    const made = await createDatabase()
    return openWorld(undefined, undefined, made.url)
  },
  { walks: 30, steps: 1_000, say },
)
