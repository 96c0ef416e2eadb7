// Concise lines for the person who runs the agent. No script, no output and no parameter ever gets here.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface AgentLog {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 }

const LONGEST = 500

/** Lines of at least this level go to `write`, by default to stderr. */
export const createLog = (
  level: LogLevel,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): AgentLog => {
  const at = (own: Exclude<LogLevel, 'silent'>) => (message: string) => {
    if (RANK[own] < RANK[level]) return
    write(`${new Date().toISOString()} ${own.padEnd(5)} ${printable(message)}\n`)
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export const silentLog: AgentLog = createLog('silent')

/** A peer's words may be in a message: control characters are escaped, so that no line forges another. */
export const printable = (text: string): string => {
  const shortened = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return shortened.replace(/\p{C}|[\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u{${code.toString(16)}}`
  })
}

/** The text of whatever was thrown, with the system's code where it has one. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const code = (error as NodeJS.ErrnoException).code
  return code !== undefined && !error.message.includes(code) ? `${code}: ${error.message}` : error.message
}
