import { openWorld } from '../_support.js'
import { fileStorm } from './_file-storm.js'
import { fileSuite } from './_file-suite.js'

fileSuite(openWorld)
fileStorm(openWorld, [1, 2, 3, 4, 5])
