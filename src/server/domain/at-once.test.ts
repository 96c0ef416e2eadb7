import { atOnceSuite, LIMITS } from './_at-once-suite.js'
import { openWorld } from './_support.js'

atOnceSuite(() => openWorld(undefined, undefined, undefined, undefined, LIMITS))
