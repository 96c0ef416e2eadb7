import { openWorld } from '../_support.js'
import { modifySuite } from './_modify-suite.js'

modifySuite(openWorld)
