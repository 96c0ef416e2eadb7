// A process that does nothing: the longest block of its event loop is the machine's.
import { obey, tellReady } from '../measure/controlled.js'

obey()
tellReady({})
