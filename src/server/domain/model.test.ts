import { modelSuite } from '../../../test/model/model-suite.js'
import { openWorld } from './_support.js'

modelSuite('SQLite', openWorld, { walks: 5, steps: 800 })
