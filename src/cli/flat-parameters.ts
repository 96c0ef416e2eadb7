import { UsageError } from '../command-line/failures.js'
import { escapeControl } from '../command-line/escape-control.js'
import type { FlatParameters } from './call-operation.js'
import { repeatedParameter } from './pages.js'
import type { SpecFields, SpecShape } from './spec.js'

// How operation parameters are written on a command line: `--InstanceId.1 i-1` as on the wire, and
// `--InstanceId i-1 --InstanceId i-2` for lists of single values.

/** Whether a flat name, such as `Tag.1.Key`, is a place in these parameters. */
export const isFlatName = (name: string, fields: SpecFields): boolean => {
  const [first = '', ...below] = name.split('.')
  const shape = Object.hasOwn(fields, first) ? fields[first] : undefined
  return shape !== undefined && isBelow(below, shape)
}

const isBelow = (path: readonly string[], shape: SpecShape): boolean => {
  if (shape.kind === 'record') return path.length > 0 && isFlatName(path.join('.'), shape.fields ?? {})
  if (shape.kind === 'list' && shape.form === 'repeated' && path.length > 0 && shape.of !== undefined) {
    const [index = '', ...below] = path
    return /^[1-9]\d{0,5}$/.test(index) && isBelow(below, shape.of)
  }
  return path.length === 0 && !(shape.kind === 'list' && shape.of?.kind === 'record')
}

/** How the parameter is written in the help: `InstanceId.N`, `Tag.N.Key`, … one line for each single value. */
export const flatForms = (
  name: string,
  shape: SpecShape,
): readonly { readonly name: string; readonly shape: SpecShape }[] => {
  if (shape.kind === 'record') {
    return Object.entries(shape.fields ?? {}).flatMap(([below, of]) => flatForms(`${name}.${below}`, of))
  }
  if (shape.kind === 'list' && shape.form === 'repeated' && shape.of?.kind === 'record') {
    return flatForms(`${name}.N`, shape.of)
  }
  return [{ name, shape }]
}

/**
 * The parameters as they go over the wire. @throws UsageError for a value given twice, or a list given in both ways
 */
export const toFlatParameters = (given: ReadonlyMap<string, readonly string[]>, fields: SpecFields): FlatParameters =>
  [...given].flatMap(([name, values]): FlatParameters => {
    const shape = fields[name]
    if (shape?.kind === 'list' && shape.form === 'repeated') {
      const numbered = [...given.keys()].find((other) => other.startsWith(`${name}.`))
      if (numbered !== undefined) {
        throw new UsageError(`--${name} and --${numbered} are two ways to write the same list; use one of them.`)
      }
      return repeatedParameter(name, values)
    }
    // A JSON array in one text: one value is taken as written, several are made into it.
    if (shape?.kind === 'list' && shape.form === 'json' && (values.length > 1 || !values[0]?.trim().startsWith('['))) {
      return [[name, JSON.stringify(values)]]
    }
    if (values.length > 1) throw new UsageError(`--${escapeControl(name)} is given ${values.length} times.`)
    return values.map((value) => [name, value])
  })
