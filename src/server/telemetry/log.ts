import { type DestinationStream, destination, pino } from 'pino'
import { humanLine, logFields } from './log-line.js'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Values beside a message; an Error under any name is told with its causes. Never scripts, outputs or parameters. */
export type LogFields = Readonly<Record<string, unknown>>

/** The log of one room. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export interface LogOptions {
  readonly level: LogLevel
  /** Lines for a person at a terminal instead of JSON. */
  readonly human: boolean
  /** Standard error when absent. */
  readonly write?: (line: string) => void
}

/** @returns a function that makes the log of a room */
export const openLogs = (options: LogOptions): ((room: string) => Log) => {
  const write = options.write ?? standardError()
  const stream: DestinationStream = { write: options.human ? (line) => write(humanLine(line)) : write }
  const root = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
    },
    stream,
  )
  return (room) => {
    const log = root.child({ room })
    return {
      debug: (message, fields = {}) => log.isLevelEnabled('debug') && log.debug(logFields(fields), message),
      info: (message, fields = {}) => log.isLevelEnabled('info') && log.info(logFields(fields), message),
      warn: (message, fields = {}) => log.isLevelEnabled('warn') && log.warn(logFields(fields), message),
      error: (message, fields = {}) => log.isLevelEnabled('error') && log.error(logFields(fields), message),
    }
  }
}

const standardError = (): ((line: string) => void) => {
  // Synchronous, so that the last lines before an end are there.
  const stream = destination({ fd: 2, sync: true })
  return (line) => void stream.write(line)
}
