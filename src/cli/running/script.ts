import { readFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { escapeControl } from '../../command-line/escape-control.js'
import { CommandFailure, UsageError } from '../../command-line/failures.js'
import type { Pair } from '../../command-line/options.js'
import type { Terminal } from '../../command-line/terminal.js'
import type { CommandType } from './targets.js'

export interface Script {
  readonly content: Uint8Array
  readonly type: CommandType
}

const TYPE_OF_EXTENSION: Readonly<Record<string, CommandType>> = {
  '.ps1': 'RunPowerShellScript',
  '.bat': 'RunBatScript',
  '.cmd': 'RunBatScript',
}

/**
 * The script to run: a file (`-`: what comes on stdin), or the words of the command line. One word is a script as it
 * is; several are a program and its arguments, each kept exactly as it is by quoting it for the host's shell.
 */
export const readScript = async (
  given: {
    readonly file: string | undefined
    readonly words: readonly string[]
    readonly type: CommandType | undefined
  },
  terminal: Pick<Terminal, 'stdin' | 'cwd'>,
): Promise<Script> => {
  const { file, words, type } = given
  if (file !== undefined) {
    if (words.length > 0) throw new UsageError('give a command or --script, not both.')
    const content = file === '-' ? await buffer(terminal.stdin) : readFile(resolve(terminal.cwd, file))
    if (content.length === 0) throw new UsageError(`the script ${file} is empty.`)
    return { content, type: type ?? TYPE_OF_EXTENSION[extname(file).toLowerCase()] ?? 'RunShellScript' }
  }
  if (words.length === 0) throw new UsageError('nothing to run: give a command after --, or --script FILE.')
  const runs = type ?? 'RunShellScript'
  const quote = runs === 'RunShellScript' ? quoteForShell : (word: string) => word
  const text = words.length === 1 ? (words[0] ?? '') : words.map(quote).join(' ')
  if (text.trim() === '') throw new UsageError('the command is empty.')
  return { content: Buffer.from(text), type: runs }
}

const readFile = (file: string): Uint8Array => {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CommandFailure(`the script cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** Values for the parameters of a script, as JSON. @throws UsageError for one that is given twice */
export const parameterValues = (given: readonly Pair[]): string => {
  const values = new Map<string, string>()
  for (const { name, value } of given) {
    if (values.has(name)) throw new UsageError(`--param ${escapeControl(name)} is given twice.`)
    values.set(name, value ?? '')
  }
  return JSON.stringify(Object.fromEntries(values))
}

/** A word that a POSIX shell reads as exactly this text. */
export const quoteForShell = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
