import { escapeControl, escapeControlKeepingLines } from '../../command-line/escape-control.js'
import type { Pair } from '../../command-line/options.js'
import type { Colours } from '../../command-line/terminal.js'

export type Fact = readonly [name: string, value: string, paint?: (text: string) => string]

/** Of the names, as long as none is longer. */
const WIDTH = 12

/** `Name:       value`, a line each, the values below each other; those without a value are left out. */
export const factLines = (facts: readonly Fact[], colours: Colours): readonly string[] => {
  const told = facts.filter(([, value]) => value !== '')
  const width = told.reduce((most, [name]) => Math.max(most, name.length + 2), WIDTH)
  return told.map(
    ([name, value, paint = (text) => text]) =>
      `${colours.bold(`${name}:`.padEnd(width))}${paint(escapeControl(value))}`,
  )
}

/** A script as it is, indented below its title. */
export const scriptLines = (script: string, colours: Colours): readonly string[] => {
  const lines = escapeControlKeepingLines(script).trimEnd().split('\n')
  return [colours.bold('Script:'), ...lines.map((line) => `  ${line}`.trimEnd())]
}

/** `role=web, stage=test` */
export const tagsText = (tags: readonly Pair[]): string =>
  tags.map(({ name, value = '' }) => (value === '' ? name : `${name}=${value}`)).join(', ')
