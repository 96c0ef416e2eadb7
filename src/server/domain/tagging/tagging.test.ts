import { openWorld } from '../_support.js'
import { taggingSuite } from './_tagging-suite.js'

taggingSuite(openWorld)
