import { escapeControl } from '../command-line/escape-control.js'
import { EXIT } from '../command-line/exit-codes.js'
import { CommandFailure } from '../command-line/failures.js'
import type { Connection } from './settings.js'

interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly requestId: string
  readonly retryAfterMs: number | undefined
}

/** The server refused a call: its code and message, with the request's id for its log. */
export class RefusedCall extends CommandFailure {
  readonly status: number
  override readonly code: string
  override readonly requestId: string
  /** Milliseconds after which the server wants to be asked again; undefined when it did not say. */
  readonly retryAfterMs: number | undefined
  readonly #refusal: Refusal

  constructor(refusal: Refusal, advice: readonly string[]) {
    const { code, message, requestId } = refusal
    const id = requestId === '' ? '' : ` (RequestId ${escapeControl(requestId)})`
    super(`${escapeControl(code)}: ${escapeControl(message)}${id}`, { advice })
    this.name = 'RefusedCall'
    this.status = refusal.status
    this.code = code
    this.requestId = requestId
    this.retryAfterMs = refusal.retryAfterMs
    this.#refusal = refusal
  }

  /** The same, with more that a person can do about it. */
  withAdvice(more: string): RefusedCall {
    return new RefusedCall(this.#refusal, [...this.advice, more])
  }
}

/** No answer came, or not one of this API. Worth another try when the server may be starting. */
export class NoAnswer extends CommandFailure {
  constructor(message: string, advice: readonly string[], cause?: unknown) {
    super(message, { exitCode: EXIT.noServer, advice, cause })
    this.name = 'NoAnswer'
  }
}

/** What can be done about a refusal whose cause lies with the caller. */
export const adviceOn = (
  action: string,
  code: string,
  connection: Connection,
  clock: { readonly now: number; readonly serverTime: number | undefined },
): readonly string[] => {
  const key = `The AccessKey ${escapeControl(connection.key.accessKeyId)} comes from ${connection.keySource}`
  switch (code) {
    case 'InvalidAccessKeyId.NotFound':
      return [`${key}; the server at ${connection.endpoint.origin} does not know it.`]
    case 'InvalidAccessKeyId.Inactive':
    case 'Forbidden.AccessKeyDisabled':
      return [`${key}; it is disabled there.`]
    case 'SignatureDoesNotMatch':
    case 'IncompleteSignature':
      return [`${key}; its secret is not the one the server has.`]
    case 'InvalidTimeStamp.Expired': {
      if (clock.serverTime === undefined) return ['Is the clock of this machine right?']
      const ahead = Math.round((clock.now - clock.serverTime) / 1000)
      const direction = ahead > 0 ? 'ahead of' : 'behind'
      return [`The clock of this machine is ${Math.abs(ahead)} seconds ${direction} the server’s. Set it right.`]
    }
    case 'InvalidRegionId.NotFound':
    case 'RegionId.ApiNotSupported':
      return [`The region asked for is ${escapeControl(connection.regionId)}.`]
    default: {
      const rule = ruleOf(action, code)
      return rule === undefined ? [] : [rule]
    }
  }
}

/** What a value must be like, where the server only says that it is not valid. */
const ruleOf = (action: string, code: string): string | undefined => {
  switch (code) {
    case 'InvalidParameter.Username':
      return 'A user is letters, digits, _ . - and @, beginning with a letter or _; one of a Windows domain: DOMAIN\\user.'
    case 'InvalidParameter.Launcher':
      return 'A launcher is a program and its arguments, every quote closed, and names the script: python3 {{ACS::ScriptFileName}}'
    case 'InvalidParameter.OssOutputDelivery':
      return 'A place for outputs is oss://bucket/prefix, of a store that the server is configured with (--output-stores).'
    case 'InvalidParameter.FileOwner':
    case 'InvalidParameter.FileGroup':
      return 'Owner and group are names of letters, digits, _ . @ and -, 64 at most, beginning with none of the last three.'
    case 'FileTargetDir.Invalid':
      return 'A folder is named from the root, such as /etc or C:\\conf, in 255 characters at most.'
    case 'FileMode.Invalid':
      return 'A mode is three or four octal digits, such as 0644.'
    case 'InvalidParameter.Name':
      return action === 'SendFile'
        ? 'The name of a file has no / and no \\, no control characters, and is not . or ..'
        : 'The name of a secret is letters, digits, - and _, 180 at most, not beginning with ALIYUN, ACS, ALIBABA, ALICLOUD or OOS.'
    default:
      return undefined
  }
}

/** Why no connection came about, in words for a person. */
export const unreachable = (error: unknown, connection: Connection): NoAnswer => {
  const at = `${connection.endpoint.origin} (from ${connection.endpointSource})`
  const code = codeOf(error)
  const detail = error instanceof Error ? error.message : String(error)
  const start = `Is the server running? Start it with: openassist serve --data ${connection.data}`
  switch (code) {
    case 'ECONNREFUSED':
      return new NoAnswer(`nothing listens at ${at}.`, [start], error)
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new NoAnswer(`the host name of ${at} cannot be resolved.`, [], error)
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new NoAnswer(`${at} cannot be reached from here: ${code}.`, [], error)
    case 'TIMEOUT':
      return new NoAnswer(`${at} did not answer within ${connection.timeoutMs / 1000} seconds.`, [], error)
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return new NoAnswer(
        `the certificate of ${at} is not signed by anybody that is trusted here.`,
        ['Give the server’s CA with --ca-file (a server’s own CA is the file ca.pem in its data folder).'],
        error,
      )
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return new NoAnswer(
        `the certificate of ${at} is for another name: ${escapeControl(detail)}`,
        ['Start the server with --public-host and the name that it is called by.'],
        error,
      )
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return new NoAnswer(`the certificate of ${at} is not valid now. Is the clock of this machine right?`, [], error)
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'EPROTO':
      return new NoAnswer(`${at} does not speak TLS.`, ['Use http:// for it, or its TLS port.'], error)
    case 'HPE_INVALID_CONSTANT':
    case 'HPE_INVALID_HEADER_TOKEN':
      return new NoAnswer(`${at} does not speak plain HTTP.`, ['Use https:// for it?'], error)
    default:
      return new NoAnswer(`the call to ${at} failed: ${escapeControl(detail)}`, [start], error)
  }
}

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  // Several addresses were tried: the first one's reason stands for all.
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return error.name === 'TimeoutError' ? 'TIMEOUT' : ''
}
