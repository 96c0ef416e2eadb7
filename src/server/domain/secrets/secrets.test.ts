import { openWorld } from '../_support.js'
import { secretsSuite } from './_secrets-suite.js'

secretsSuite(openWorld)
