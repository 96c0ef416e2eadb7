import { type DestinationStream, destination, pino } from 'pino'
import { createLineLimit } from './line-limit.js'
import { humanLine, logFields } from './log-line.js'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Values beside a message; an Error under any name is told with its causes. Never scripts, outputs or parameters. */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * The log of one room. A message is one of a few fixed texts, what varies is in the fields: lines of one message have a
 * limit, because peers can cause them (design D13). Debug lines have none: who asks for them wants them.
 */
export interface Log {
  /** Whether debug lines are written: what makes one for a hot path asks first. */
  tellsDebug(): boolean
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
  /** Milliseconds of a clock that does not go back. */
  readonly now?: () => number
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
  const limit = createLineLimit(options.now ?? (() => performance.now()))
  return (room) => {
    const log = root.child({ room })
    const limited =
      (level: 'info' | 'warn' | 'error') =>
      (message: string, fields: LogFields = {}): void => {
        if (!log.isLevelEnabled(level)) return
        const left = limit.admit(`${room} ${message}`)
        if (left === undefined) return
        log[level](logFields(left === 0 ? fields : { ...fields, linesLeftOut: left }), message)
      }
    return {
      tellsDebug: () => log.isLevelEnabled('debug'),
      debug(message, fields = {}) {
        if (log.isLevelEnabled('debug')) log.debug(logFields(fields), message)
      },
      info: limited('info'),
      warn: limited('warn'),
      error: limited('error'),
    }
  }
}

const standardError = (): ((line: string) => void) => {
  // Synchronous, so that the last lines before an end are there.
  const stream = destination({ fd: 2, sync: true })
  return (line) => void stream.write(line)
}
