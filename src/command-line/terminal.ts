import picocolors from 'picocolors'

export type Colours = ReturnType<typeof picocolors.createColors>

/** Where text goes: a terminal, a file or a pipe. */
export interface Output {
  write(text: string): void
  /** A person reads along: lines may be redrawn. */
  readonly isTerminal: boolean
  /** Of the terminal, or 80 and 24. */
  readonly columns: number
  readonly rows: number
  /** Functions that colour, or return the text unchanged. */
  readonly colours: Colours
}

/** What a subcommand may touch of the process. Answers go to `stdout`, everything else to `stderr`. */
export interface Terminal {
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

type Stream = NodeJS.WritableStream & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** Colours only where a person looks, and never with NO_COLOR (no-color.org) or a dumb terminal; FORCE_COLOR insists. */
const wantsColour = (stream: Stream, env: Terminal['env']): boolean => {
  if ((env['NO_COLOR'] ?? '') !== '') return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

const outputOf = (stream: Stream, env: Terminal['env']): Output => ({
  write: (text) => {
    stream.write(text)
  },
  isTerminal: stream.isTTY === true,
  // A terminal that was never given a size says 0.
  get columns() {
    return stream.columns || 80
  },
  get rows() {
    return stream.rows || 24
  },
  colours: picocolors.createColors(wantsColour(stream, env)),
})

/** The process's own streams. */
export const processTerminal = (process: {
  readonly stdin: Terminal['stdin']
  readonly stdout: Stream
  readonly stderr: Stream
  readonly env: Terminal['env']
  cwd(): string
}): Terminal => ({
  stdout: outputOf(process.stdout, process.env),
  stderr: outputOf(process.stderr, process.env),
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
})
