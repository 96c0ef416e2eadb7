import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { CommandFailure, UsageError } from '../../command-line/failures.js'
import { promptHidden } from '../../command-line/prompt-hidden.js'
import type { Terminal } from '../../command-line/terminal.js'

/** Characters of a value (CreateSecretParameter). */
const LONGEST = 4096

/**
 * The value of a secret: of a file, of stdin, or typed on a terminal, where it is not shown. It is never an argument:
 * other users of a machine see those. One line end at its end is not part of it.
 * @throws UsageError for one that cannot be a secret; its message does not tell it
 */
export const readSecretValue = async (file: string | undefined, terminal: Terminal): Promise<string> => {
  const bytes = await readBytes(file, terminal)
  if (bytes === undefined) throw new CommandFailure('nothing was set.')
  const text = decode(bytes).replace(/\r?\n$/, '')
  if (text === '') throw new UsageError('the value is empty.')
  if (text.includes('\0')) throw new UsageError('the value holds a NUL, which no script can.')
  // As the server counts: an emoji is one character.
  const { length } = Array.from(text)
  if (length > LONGEST) throw new UsageError(`the value has ${length} characters, and can have ${LONGEST}.`)
  return text
}

const readBytes = async (file: string | undefined, terminal: Terminal): Promise<Uint8Array | undefined> => {
  if (file !== undefined && file !== '-') return readFile(resolve(terminal.cwd, file))
  if (file === undefined && terminal.stdin.isTTY === true) {
    const typed = await promptHidden('Value: ', terminal)
    return typed === undefined ? undefined : Buffer.from(typed)
  }
  return buffer(terminal.stdin)
}

const readFile = (file: string): Uint8Array => {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CommandFailure(`the value cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

const decode = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UsageError('the value is not text (UTF-8). Keep binary data in Base64, and decode it in the script.')
  }
}
