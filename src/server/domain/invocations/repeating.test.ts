import { openWorld } from '../_support.js'
import { repeatingSuite } from './_repeating-suite.js'

repeatingSuite(openWorld)
