import { openWorld } from '../_support.js'
import { rolloutSuite } from './_rollout-suite.js'

rolloutSuite(openWorld)
