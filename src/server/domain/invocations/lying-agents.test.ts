import { openWorld } from '../_support.js'
import { lyingAgentsSuite } from './_lying-agents-suite.js'

lyingAgentsSuite(openWorld, 25)
