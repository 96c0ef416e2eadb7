import { openWorld } from '../_support.js'
import { fileSuite } from './_file-suite.js'

fileSuite(openWorld)
