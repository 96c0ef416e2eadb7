import { openWorld } from '../_support.js'
import { outputsSuite } from './_outputs-suite.js'

outputsSuite((stores) => openWorld(undefined, undefined, undefined, stores))
