import type { QueryCodec, QueryFields } from '../../protocol/query.js'
import type { InferFields } from '../../schema/shape.js'
import { messages } from '../../protocol/messages/index.js'
import { malformed, type Parsed, parsed } from '../../protocol/parsed.js'
import type { FileReport } from '../domain/files/agent-files.js'
import type { Report } from '../domain/invocations/agent-tasks.js'

// Reports about tasks: from the wire's words to the domain's. Times are shifted to the server's clock here.

/** Longest description of an error or of a refused parameter that is passed on. */
const TEXT_LIMIT = 1_024

/** Times are told with a year of four digits, and the end of a time limit of a day is told too. */
const LATEST = Date.UTC(9999, 11, 30)

export type ReportName =
  | 'taskRunning'
  | 'taskFinish'
  | 'taskTimeout'
  | 'taskError'
  | 'taskStopped'
  | 'taskInvalid'
  | 'taskVerified'

/** A report, or `undefined` for the result of something that this server never hands out. */
export type ReadReport = Parsed<Report | undefined>

/**
 * @param correction milliseconds to add to a time of the host
 */
export const readReport = (name: ReportName, query: string, output: Uint8Array, correction: number): ReadReport =>
  READERS[name](query, output, (time) => onServerClock(time, correction))

/** Files have two of the reports of scripts to themselves, told by one member (agent-protocol.md §7). */
const OF_A_FILE = /(?:^|&)taskType=sendfile(?:&|$)/
/** Upstream: the value, always the last member, is the name of the file as it is, with whatever characters. */
const RAW_VALUE = /&value=(.*)$/s

/** @returns undefined when the report is not about a file */
export const readFileReport = (name: ReportName, query: string): Parsed<FileReport> | undefined => {
  if ((name !== 'taskFinish' && name !== 'taskInvalid') || !OF_A_FILE.test(query)) return undefined
  if (name === 'taskFinish') {
    const read = messages.taskFinish.query.decode(query)
    if (!read.ok) return read
    const { taskId, status, errorcode } = read.value
    if (status === undefined || errorcode === undefined) return malformed('status or errorcode is missing')
    return parsed({ kind: 'finish', taskId, code: status === 'Success' ? errorcode : errorcode || 255 })
  }
  const read = messages.taskInvalid.query.decode(
    query.replace(RAW_VALUE, (_, value: string) => `&value=${value.replaceAll('&', '%26')}`),
  )
  if (!read.ok) return read
  const { taskId, param, value } = read.value
  return parsed({ kind: 'invalid', taskId, param, value: cut(value) })
}

type Reader = (query: string, output: Uint8Array, at: (time: number) => number) => ReadReport

const reader =
  <F extends QueryFields>(
    message: { readonly query: QueryCodec<F> },
    toReport: (
      query: InferFields<F>,
      output: Uint8Array,
      at: (time: number) => number,
    ) => Report | undefined | ReadReport,
  ): Reader =>
  (text, output, at) => {
    const query = message.query.decode(text)
    if (!query.ok) return query
    const report = toReport(query.value, output, at)
    return report !== undefined && 'ok' in report ? report : parsed(report)
  }

const READERS: Readonly<Record<ReportName, Reader>> = {
  taskRunning: reader(messages.taskRunning, ({ taskId, start }, output, at) => ({
    kind: 'running',
    taskId,
    run: start,
    startedAt: at(start),
    output,
  })),

  taskFinish: reader(messages.taskFinish, (query, output, at) => {
    const { taskId, start, end, exitCode, dropped } = query
    if (start === undefined || end === undefined || exitCode === undefined || dropped === undefined) {
      return malformed('start, end, exitCode or dropped is missing')
    }
    return { kind: 'finish', taskId, run: start, startedAt: at(start), endedAt: at(end), exitCode, dropped, output }
  }),

  taskTimeout: reader(messages.taskTimeout, ({ taskId, start, end, dropped }, output, at) => ({
    kind: 'timeout',
    taskId,
    run: start,
    startedAt: at(start),
    endedAt: at(end),
    dropped,
    output,
  })),

  taskError: reader(messages.taskError, (query, output, at) => ({
    kind: 'error',
    taskId: query.taskId,
    run: query.start,
    startedAt: at(query.start),
    endedAt: at(query.end),
    exitCode: query.exitCode,
    dropped: query.dropped,
    errCode: query.errCode,
    errDesc: cut(query.errDesc),
    output,
  })),

  taskStopped: reader(messages.taskStopped, ({ taskId, invokeVersion, start, end, dropped, result }, output, at) => ({
    kind: 'stopped',
    taskId,
    version: invokeVersion,
    run: start,
    startedAt: at(start),
    endedAt: at(end),
    dropped,
    result,
    output,
  })),

  taskInvalid: reader(messages.taskInvalid, ({ taskId, invokeVersion, param, value }) => ({
    kind: 'invalid',
    taskId,
    version: invokeVersion,
    param,
    value: cut(value),
  })),

  taskVerified: reader(messages.taskVerified, ({ taskId }) => ({ kind: 'verified', taskId })),
}

// 0 is a word, not a time: it never ran.
const onServerClock = (time: number, correction: number): number =>
  time === 0 ? 0 : Math.min(Math.max(Math.round(time + correction), 1), LATEST)

const cut = (text: string): string => {
  if (text.length <= TEXT_LIMIT) return text
  const last = text.charCodeAt(TEXT_LIMIT - 1)
  const insidePair = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, insidePair ? TEXT_LIMIT - 1 : TEXT_LIMIT)
}
