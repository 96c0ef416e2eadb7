import type { ExitCode } from './exit-codes.js'
import { EXIT } from './exit-codes.js'
import type { Option } from './options.js'
import { HELP } from './parse-arguments.js'
import type { Positional, Subcommand } from './subcommand.js'
import type { Output } from './terminal.js'

/** Text in lines of at most this many columns, broken at spaces. */
export const wrap = (text: string, columns: number): string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  lines.push(line)
  return lines
}

interface Row {
  readonly left: string
  readonly right: string
}

/** Two columns in lines of at most this width; the right one is wrapped, and begins on the next line where the left one is too long. */
export const rows = (entries: readonly Row[], width: number): string[] => {
  const column = Math.min(34, Math.max(0, ...entries.map(({ left }) => left.length)) + 4)
  const lines: string[] = []
  for (const { left, right } of entries) {
    const wrapped = wrap(right, Math.max(30, width - column))
    const fits = left.length + 4 <= column
    lines.push(fits ? `  ${left.padEnd(column - 2)}${wrapped[0] ?? ''}` : `  ${left}`)
    for (const line of fits ? wrapped.slice(1) : wrapped) lines.push(' '.repeat(column) + line)
  }
  return lines.map((line) => line.trimEnd())
}

const widthOf = (output: Output): number => Math.max(60, Math.min(100, output.columns))

const optionRow = (name: string, option: Option): Row => {
  const short = option.short === undefined ? '' : `-${option.short}, `
  const value = option.kind === 'flag' ? '' : ` ${option.value ?? placeholder(option)}`
  const notes: string[] = []
  if (option.kind === 'text' && option.required === true) notes.push('required')
  if ((option.kind === 'text' || option.kind === 'texts') && option.oneOf !== undefined) {
    notes.push(`one of ${option.oneOf.join(', ')}`)
  }
  if (option.kind === 'texts' || option.kind === 'pairs') notes.push('may be repeated')
  if ((option.kind === 'text' || option.kind === 'integer') && option.default !== undefined) {
    notes.push(`default ${option.default}`)
  }
  if (option.env !== undefined) notes.push(`or ${option.env}`)
  return { left: `${short}--${name}${value}`, right: withNotes(option.about, notes) }
}

/** Notes go into parentheses at the end, into those that are there already. */
const withNotes = (about: string, notes: readonly string[]): string => {
  if (notes.length === 0) return about
  return about.endsWith(')') ? `${about.slice(0, -1)}; ${notes.join('; ')})` : `${about} (${notes.join('; ')})`
}

const placeholder = (option: Option): string =>
  option.kind === 'integer' ? 'NUMBER' : option.kind === 'pairs' ? 'NAME=VALUE' : 'TEXT'

const positionalText = ({ name, optional, many }: Positional): string => {
  const text = many === true ? `${name}…` : name
  return optional === true ? `[${text}]` : text
}

const shownPositionals = (subcommand: Subcommand): readonly Positional[] =>
  (subcommand.positionals ?? []).filter(({ hidden }) => hidden !== true)

const usageLine = (program: string, subcommand: Subcommand): string => {
  const parts = [program, subcommand.name]
  const positionals = shownPositionals(subcommand)
  // The operation comes first where options depend on it.
  const first = subcommand.refine === undefined ? [] : positionals
  parts.push(...first.map(positionalText), '[options]')
  if (first.length === 0) parts.push(...positionals.map(positionalText))
  if (subcommand.rest !== undefined) parts.push('--', positionalText({ ...subcommand.rest, many: true }))
  return parts.join(' ')
}

/** The help of one subcommand. */
export const subcommandHelp = (program: string, subcommand: Subcommand, output: Output): string => {
  const { bold, dim } = output.colours
  const width = widthOf(output)
  const lines: string[] = []
  const section = (title: string, body: readonly string[]): void => {
    if (body.length > 0) lines.push('', bold(title), ...body)
  }
  lines.push(...wrap(`${program} ${subcommand.name}: ${subcommand.summary}`, width))
  for (const paragraph of subcommand.description ?? []) lines.push('', ...wrap(paragraph, width))
  section('Usage', [`  ${usageLine(program, subcommand)}`])
  const words = [...shownPositionals(subcommand), ...(subcommand.rest === undefined ? [] : [subcommand.rest])]
  section(
    'Words',
    rows(
      words.map((positional) => ({ left: positional.name, right: positional.about })),
      width,
    ),
  )
  const groups = new Map<string, Row[]>()
  for (const [name, option] of Object.entries({ ...subcommand.options, ...HELP })) {
    if (option.hidden === true) continue
    const group = option.group ?? 'Options'
    groups.set(group, [...(groups.get(group) ?? []), optionRow(name, option)])
  }
  const ordered = [...groups].toSorted(([left], [right]) => Number(right === 'Options') - Number(left === 'Options'))
  for (const [title, body] of ordered) section(title, rows(body, width))
  for (const { title, rows: body } of subcommand.tables ?? []) section(title, rows(body, width))
  const examples = (subcommand.examples ?? []).flatMap(({ about, line }) => [`  ${dim(`# ${about}`)}`, `  ${line}`])
  section('Examples', examples)
  section('Exit status', rows(exitRows(subcommand.exitCodes ?? []), width))
  return `${lines.join('\n')}\n`
}

const exitRows = (extra: readonly ExitCode[]): Row[] => {
  const own = new Map(extra.map(({ code, about }) => [code, about]))
  const usual: readonly ExitCode[] = [
    { code: EXIT.ok, about: 'It worked.' },
    { code: EXIT.failure, about: 'It failed; the message says why.' },
    { code: EXIT.usage, about: 'The command line is wrong; nothing was done.' },
  ]
  for (const { code, about } of usual) if (!own.has(code)) own.set(code, about)
  return [...own]
    .toSorted(([left], [right]) => left - right)
    .map(([code, about]) => ({ left: String(code), right: about }))
}

/** The help of the program: what there is, by group. */
export const programHelp = (
  program: { readonly name: string; readonly summary: string; readonly epilogue: readonly string[] },
  groups: ReadonlyMap<string, readonly Subcommand[]>,
  output: Output,
): string => {
  const { bold } = output.colours
  const width = widthOf(output)
  const lines = [...wrap(`${program.name}: ${program.summary}`, width), '', bold('Usage')]
  lines.push(`  ${program.name} SUBCOMMAND [options]`)
  for (const [title, subcommands] of groups) {
    const body = subcommands.map(({ name, summary }) => ({ left: name, right: summary }))
    lines.push('', bold(title), ...rows(body, width))
  }
  for (const paragraph of program.epilogue) lines.push('', ...wrap(paragraph, width))
  return `${lines.join('\n')}\n`
}
