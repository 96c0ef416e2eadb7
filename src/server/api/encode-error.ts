// The error body (rpc.md §3.5).
import { escapeXml, XML_DECLARATION } from './encode-xml.js'
import type { Format } from './http.js'
import type { WireError } from './wire-errors.js'

export interface ErrorPlace {
  readonly requestId: string
  readonly host: string
  /** Where the code is explained. */
  readonly recommend: string
}

export const encodeError = (error: WireError, format: Format, place: ErrorPlace): string => {
  const members = {
    RequestId: place.requestId,
    HostId: place.host,
    Code: error.code,
    Message: error.message,
    Recommend: place.recommend,
    ...(error.extras.which === undefined ? {} : { Detail: error.extras.which }),
    ...error.extras.detail,
  }
  if (format === 'json') return JSON.stringify(members)
  return `${XML_DECLARATION}<Error>${elements(members)}</Error>`
}

type Tree = Readonly<Record<string, string | Readonly<Record<string, string>>>>

const elements = (members: Tree): string =>
  Object.entries(members)
    .map(([name, value]) => `<${name}>${typeof value === 'string' ? escapeXml(value) : elements(value)}</${name}>`)
    .join('')
