// Whether an answer is one that the documentation knows.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GATEWAY_ERRORS } from '../../../src/server/contract/common-errors.js'
import type { Attack } from './attack.js'
import type { KnownOperation } from './api-attacks.js'
import type { RawAnswer } from './raw-connection.js'

interface Specification {
  readonly operations: readonly {
    readonly name: string
    readonly request: Readonly<Record<string, unknown>>
    readonly errors: readonly { readonly code: string }[]
  }[]
}

const SPEC = fileURLToPath(new URL('../../../spec/operations.json', import.meta.url))

/** What the front answers when no door may see a request (design D12, D13). */
const FRONT = [
  'Forbidden.Host',
  'Forbidden.Origin',
  'InvalidRequest',
  'RequestHeaderTooLarge',
  'InvalidParameter.Expect',
]

export interface Documented {
  readonly operations: readonly KnownOperation[]
  readonly isKnown: (code: string) => boolean
}

/** Every code that the reference pages, the gateway's table and the front know. */
export const documented = (): Documented => {
  const { operations } = JSON.parse(readFileSync(SPEC, 'utf8')) as Specification
  const codes = new Set<string>([...FRONT, ...Object.values(GATEWAY_ERRORS).map(({ code }) => code)])
  const names = new Set<string>()
  for (const operation of operations) {
    for (const { code } of operation.errors) codes.add(code)
    for (const name of Object.keys(operation.request)) names.add(name)
  }
  for (const name of [
    'Action',
    'Version',
    'Format',
    'RegionId',
    'AccessKeyId',
    'Signature',
    'SignatureNonce',
    'Timestamp',
  ])
    names.add(name)
  for (const name of ['SignatureMethod', 'SignatureVersion', 'Content-Type']) names.add(name)
  return {
    operations: operations.map(({ name, request }) => ({ name, parameters: Object.keys(request) })),
    isKnown(code) {
      if (codes.has(code)) return true
      // A parameter that an operation has no row for (rpc.md §3.6).
      const name = /^(?:InvalidParameter\.|Missing|MissingParameter\.|Invalid)(.+)$/.exec(code)?.[1]?.split('.', 1)[0]
      return name !== undefined && names.has(name)
    },
  }
}

/** @returns what is wrong with an answer, undefined when it is as documented */
export const wrongWith = (attack: Attack, answer: RawAnswer, { isKnown }: Documented): string | undefined => {
  const { status, body, headers } = answer
  if (status >= 500) return `status ${status}`
  if (status < 400) {
    if (status === 101) return undefined
    // A registration is refused with status 200 and another code (agent-protocol.md §4.1).
    return attack.mayPass === true || /"code":(?!200)\d/.test(body) ? undefined : `status ${status}`
  }
  if (attack.bodiless === true) return undefined
  const code = codeOf(headers, body)
  if (code === undefined) return `status ${status} with a body that is no error`
  if (attack.code !== undefined && code !== attack.code) return `${code} in place of ${attack.code}`
  if (typeof code === 'number') return code === status ? undefined : `code ${code} with status ${status}`
  return isKnown(code) ? undefined : `the code ${code}, which nothing documents`
}

/** The agents' door answers numbers, the API's texts. */
const codeOf = (headers: string, body: string): string | number | undefined => {
  if (/content-type: *text\/xml/i.test(headers)) {
    const whole = /^<\?xml [^>]*\?>\s*<Error>.*<RequestId>[^<]+<\/RequestId>.*<\/Error>\s*$/s
    return whole.test(body) ? /<Code>([^<]+)<\/Code>/.exec(body)?.[1] : undefined
  }
  try {
    const told = JSON.parse(body) as { Code?: unknown; RequestId?: unknown; code?: unknown; errMsg?: unknown }
    if (typeof told.code === 'number' && typeof told.errMsg === 'string') return told.code
    return typeof told.Code === 'string' && typeof told.RequestId === 'string' ? told.Code : undefined
  } catch {
    return undefined
  }
}
