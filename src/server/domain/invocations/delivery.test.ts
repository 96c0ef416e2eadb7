import { openWorld } from '../_support.js'
import { deliverySuite } from './_delivery-suite.js'

deliverySuite(openWorld)
