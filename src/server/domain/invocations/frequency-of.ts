import { type Frequency, parseFrequency } from '../../../schedule/frequency.js'
import type { InvocationScript } from './invocation-store.js'

type Scheduled = Pick<InvocationScript, 'frequency'>

/** Read once for each script that is remembered: reading costs more than a report does, most of all with a named zone. */
const known = new WeakMap<Scheduled, Frequency>()

/** The schedule of an invocation; it was checked when it was submitted. Undefined for what has none. */
export const frequencyOf = (script: Scheduled): Frequency | undefined => {
  if (script.frequency === '') return undefined
  const found = known.get(script) ?? parseFrequency(script.frequency)
  if (found !== undefined) known.set(script, found)
  return found
}

/** True for a schedule that ends with its first run. */
export const runsOnce = (script: Scheduled): boolean => frequencyOf(script)?.kind === 'at'
