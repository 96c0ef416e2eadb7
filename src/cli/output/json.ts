import { escapeControlInJson } from '../../command-line/escape-control.js'
import type { Output } from '../../command-line/terminal.js'

/** A document for programs, with control characters as JSON escapes. */
export const writeJson = (output: Output, document: unknown): void =>
  output.write(`${escapeControlInJson(JSON.stringify(document, null, 2))}\n`)
