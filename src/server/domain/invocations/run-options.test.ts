import { openWorld } from '../_support.js'
import { runOptionsSuite } from './_run-options-suite.js'

runOptionsSuite(openWorld)
