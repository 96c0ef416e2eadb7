import { openWorld } from '../_support.js'
import { registrationSuite } from './_registration-suite.js'

registrationSuite(openWorld)
