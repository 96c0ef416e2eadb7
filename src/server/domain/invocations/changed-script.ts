// What a change makes of an invocation's script, its values and its schedule (api.md §7.2). Pure.
import { type Frequency, parseFrequency, problemOf } from '../../../schedule/frequency.js'
import {
  checkLength,
  checkNameLength,
  parameterNames,
  parameterValues,
  textOfScript,
} from '../commands/custom-parameters.js'
import type { Command } from '../commands/commands.js'
import { definedValues } from '../commands/public-commands.js'
import { Fault } from '../faults.js'
import type { InvocationScript } from './invocation-store.js'
import type { InvocationChange } from './invocations.js'

export interface ChangedScript {
  readonly content: Uint8Array
  readonly enableParameter: boolean
  readonly parameterNames: readonly string[]
  readonly values: ReadonlyMap<string, string>
  /** JSON text. */
  readonly parameters: string
  readonly frequency: string
  readonly schedule: Frequency | undefined
  /** Another script is another command. */
  readonly isOtherCommand: boolean
  /** Anything that a host has to be told. */
  readonly isOther: boolean
}

/**
 * @param change one that `checkChange` found nothing wrong with
 * @param published what it runs, where that is a public command
 * Faults: `parameters/*`, `command-parameter/*`, `command/public`, `frequency/not-possible`.
 */
export const changedScript = (
  before: InvocationScript,
  change: InvocationChange,
  published: Command | undefined,
  now: number,
): ChangedScript => {
  const content = change.content ?? before.content
  const isOtherScript = Buffer.compare(Buffer.from(content), Buffer.from(before.content)) !== 0
  const enableParameter = enabledAfter(before, change, isOtherScript)
  const isOtherCommand = isOtherScript || enableParameter !== before.enableParameter
  if (isOtherCommand && published !== undefined) throw new Fault('command/public')
  const names = enableParameter ? parameterNames(textOfScript(content)) : []
  const parameters =
    change.parameters === undefined ? keptParameters(before, names) : sentParameters(change.parameters, published)
  const values = parameterValues(enableParameter, names, parameters)
  const written = JSON.stringify(Object.fromEntries([...parameters].map(([name, value]) => [name, String(value)])))
  const frequency = change.frequency ?? before.frequency
  const schedule = scheduleOf(before, change, now)
  return {
    content,
    enableParameter,
    parameterNames: names,
    values,
    parameters: written,
    frequency,
    schedule,
    isOtherCommand,
    isOther: isOtherCommand || written !== before.parameters || frequency !== before.frequency,
  }
}

/**
 * `EnableParameter` goes with a script or with values. False, which it is when nobody says otherwise, is no change where neither
 * is sent anew: the command stays (api.md §7.2).
 */
const enabledAfter = (before: InvocationScript, change: InvocationChange, isOtherScript: boolean): boolean => {
  const says = change.enableParameter ?? before.enableParameter
  return says || isOtherScript || change.parameters !== undefined ? says : before.enableParameter
}

/** Values stay for the names that are left. */
const keptParameters = (before: InvocationScript, names: readonly string[]): ReadonlyMap<string, unknown> => {
  const left = new Set(names.map((name) => name.toLowerCase()))
  const had = Object.entries(JSON.parse(before.parameters) as Record<string, unknown>)
  return new Map(had.filter(([name]) => left.has(name.toLowerCase())))
}

/**
 * What is wrong in a change whatever it is a change of. This operation tells more of a name than others do.
 * Faults: `parameters/name-too-long`, `command-parameter/*`, `command/content-too-long`, `frequency/not-possible`.
 */
export const checkChange = ({ content, parameters, frequency }: InvocationChange): void => {
  if (content !== undefined) checkLength(content.byteLength)
  for (const name of parameters?.keys() ?? []) {
    if (name === '') throw new Fault('command-parameter/empty-name')
    checkNameLength(name)
    if (!/^[A-Za-z0-9_-]+$/.test(name)) throw new Fault('command-parameter/malformed-name')
  }
  if (frequency !== undefined && parseFrequency(frequency) === undefined) throw new Fault('frequency/not-possible')
}

const sentParameters = (
  sent: ReadonlyMap<string, unknown>,
  published: Command | undefined,
): ReadonlyMap<string, unknown> =>
  published === undefined ? sent : definedValues(published.publication?.definitions ?? [], sent)

const scheduleOf = (before: InvocationScript, change: InvocationChange, now: number): Frequency | undefined => {
  if (before.repeatMode !== 'Period') {
    if (change.frequency !== undefined) throw new Fault('frequency/not-possible')
    return undefined
  }
  const parsed = parseFrequency(change.frequency ?? before.frequency)
  if (change.frequency === undefined || change.frequency === before.frequency) return parsed
  if (parsed === undefined || problemOf(parsed, before.timeoutSeconds, now) !== undefined)
    throw new Fault('frequency/not-possible')
  return parsed
}
