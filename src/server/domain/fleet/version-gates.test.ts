import { openWorld } from '../_support.js'
import { versionGatesSuite } from './_version-gates-suite.js'

versionGatesSuite(openWorld)
