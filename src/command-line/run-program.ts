import { escapeControl, escapeControlInJson } from './escape-control.js'
import { EXIT } from './exit-codes.js'
import { CommandFailure, UsageError } from './failures.js'
import { programHelp, subcommandHelp } from './help.js'
import { parseArguments, wantsHelp } from './parse-arguments.js'
import type { Call, Subcommand, SubcommandEntry } from './subcommand.js'
import { didYouMean } from './suggest.js'
import type { Terminal } from './terminal.js'

export interface Program {
  readonly name: string
  readonly version: string
  readonly summary: string
  /** Paragraphs below the list in the help. */
  readonly epilogue: readonly string[]
  readonly entries: readonly SubcommandEntry[]
  /** Another name for a subcommand: the words to read instead of these, or undefined. */
  readonly alias?: (words: readonly string[]) => readonly string[] | undefined
}

/**
 * Finds the subcommand, parses its arguments, runs it. Failures that are expected are told in a sentence; anything else
 * is a bug and is told with its stack. @returns the exit status
 */
export const runProgram = async (program: Program, argv: readonly string[], terminal: Terminal): Promise<number> => {
  try {
    return await dispatch(program, argv, terminal)
  } catch (error) {
    return tell(program, error, terminal)
  }
}

const dispatch = async (program: Program, argv: readonly string[], terminal: Terminal): Promise<number> => {
  const [first] = argv
  if (first === undefined) {
    await showProgram(program, terminal.stderr)
    return EXIT.usage
  }
  if (first === '--version' || first === '-v') {
    terminal.stdout.write(`${program.version}\n`)
    return EXIT.ok
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    return await help(program, argv.slice(1), terminal)
  }
  const words = program.alias?.(argv) ?? argv
  const entry = findEntry(program, words)
  if (entry === undefined) return await unknownSubcommand(program, words, terminal)
  return await run(program, await entry.load(), words.slice(entry.name.split(' ').length), terminal)
}

const run = async (
  program: Program,
  loaded: Subcommand,
  argv: readonly string[],
  terminal: Terminal,
): Promise<number> => {
  let subcommand = loaded
  try {
    subcommand = loaded.refine?.(argv) ?? loaded
    if (wantsHelp(argv)) {
      terminal.stdout.write(subcommandHelp(program.name, subcommand, terminal.stdout))
      return EXIT.ok
    }
    const parsed = parseArguments(subcommand, argv, terminal.env)
    const told = parsed.options['output'] === 'json' ? failingInJson(terminal) : undefined
    try {
      // The declaration says the types; parseArguments has made the values from it.
      return await subcommand.run({ ...parsed, terminal: told?.terminal ?? terminal } as unknown as Call<never>)
    } catch (error) {
      told?.fail(error)
      throw error
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const { bold, red } = terminal.stderr.colours
    terminal.stderr.write(`${red(bold(`${program.name} ${subcommand.name}:`))} ${error.message}\n`)
    terminal.stderr.write(`Help: ${program.name} ${subcommand.name} --help\n`)
    return EXIT.usage
  }
}

/**
 * Where programs read stdout, a failure is told there, too: `{ "error": { "message", "code", "requestId", "advice" } }`,
 * code and request only for what the server refused, advice a list of sentences as people get them. Where an answer was
 * begun already, it is left at that.
 */
const failingInJson = (terminal: Terminal): { readonly terminal: Terminal; fail(error: unknown): void } => {
  let isBegun = false
  const stdout = Object.create(terminal.stdout, {
    write: {
      value: (text: string) => {
        isBegun = true
        terminal.stdout.write(text)
      },
    },
  }) as Terminal['stdout']
  return {
    terminal: { ...terminal, stdout },
    fail: (error) => {
      if (isBegun || !(error instanceof CommandFailure || error instanceof UsageError)) return
      const { code = '', requestId = '', advice = [] } = error instanceof CommandFailure ? error : {}
      const told = {
        message: error.message,
        ...(code === '' ? {} : { code }),
        ...(requestId === '' ? {} : { requestId }),
        ...(advice.length === 0 ? {} : { advice }),
      }
      terminal.stdout.write(`${escapeControlInJson(JSON.stringify({ error: told }, null, 2))}\n`)
    },
  }
}

/** The entry with the most words that the line begins with. */
const findEntry = (program: Program, argv: readonly string[]): SubcommandEntry | undefined =>
  program.entries
    .filter(({ name }) => name.split(' ').every((word, index) => argv[index] === word))
    .toSorted((left, right) => right.name.length - left.name.length)[0]

const below = (program: Program, word: string): readonly SubcommandEntry[] =>
  program.entries.filter(({ name }) => name.startsWith(`${word} `))

const help = async (program: Program, words: readonly string[], terminal: Terminal): Promise<number> => {
  const [first] = words
  if (first === undefined) {
    await showProgram(program, terminal.stdout)
    return EXIT.ok
  }
  const entry = findEntry(program, words)
  if (entry === undefined) return await unknownSubcommand(program, [...words, '--help'], terminal)
  return await run(program, await entry.load(), [...words.slice(entry.name.split(' ').length), '--help'], terminal)
}

/** Also the answer to the first word of a two-word name, such as `agent`. */
const unknownSubcommand = async (program: Program, words: readonly string[], terminal: Terminal): Promise<number> => {
  const [first = ''] = words
  const entries = below(program, first)
  if (entries.length > 0) {
    if (wantsHelp(words)) {
      await showUnder(program, first, terminal.stdout)
      return EXIT.ok
    }
    const second = words[1]
    if (second !== undefined && !second.startsWith('-')) {
      const guess = didYouMean(
        `${first} ${second}`,
        entries.map(({ name }) => name),
      )
      terminal.stderr.write(`${program.name}: ${first} has no subcommand ${escapeControl(second)}.${guess}\n`)
      terminal.stderr.write(`Help: ${program.name} ${first} --help\n`)
    } else {
      await showUnder(program, first, terminal.stderr)
    }
    return EXIT.usage
  }
  const names = program.entries.flatMap(({ name }) => [name, name.split(' ')[0] ?? ''])
  const guess = didYouMean(first, [...new Set(names)])
  const what = first.startsWith('-') ? 'unknown option' : 'unknown subcommand'
  terminal.stderr.write(`${program.name}: ${what} ${escapeControl(first)}.${guess}\nHelp: ${program.name} --help\n`)
  return EXIT.usage
}

const showProgram = async (program: Program, output: Terminal['stdout']): Promise<void> =>
  output.write(programHelp(program, await loadGroups(program.entries), output))

/** The same for the subcommands below one word, such as `agent`. */
const showUnder = async (program: Program, word: string, output: Terminal['stdout']): Promise<void> => {
  const name = `${program.name} ${word}`
  const epilogue = [`Each of them has its own help: ${name} SUBCOMMAND --help.`]
  const groups = await loadGroups(below(program, word))
  const short = new Map(
    [...groups].map(([title, members]) => [
      title,
      members.map((member) => ({ ...member, name: member.name.slice(word.length + 1) })),
    ]),
  )
  output.write(programHelp({ name, summary: 'what can be done with it', epilogue }, short, output))
}

const loadGroups = async (entries: readonly SubcommandEntry[]): Promise<ReadonlyMap<string, readonly Subcommand[]>> => {
  const groups = new Map<string, Subcommand[]>()
  for (const entry of entries) {
    const members = groups.get(entry.group) ?? []
    members.push(await entry.load())
    groups.set(entry.group, members)
  }
  return groups
}

const tell = (program: Program, error: unknown, terminal: Terminal): number => {
  const { bold, red } = terminal.stderr.colours
  const name = red(bold(`${program.name}:`))
  if (error instanceof CommandFailure) {
    terminal.stderr.write(`${name} ${error.message}\n`)
    for (const line of error.advice) terminal.stderr.write(`  ${line}\n`)
    return error.exitCode
  }
  terminal.stderr.write(`${name} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return EXIT.failure
}
