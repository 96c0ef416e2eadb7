// Error rows that hold for every operation: those of the gateway (rpc.md §3.6), and those of faults and parameter
// problems that an operation has no row of its own for (style.md §8).
import { type ErrorRow, error, type Reason } from './define-operation.js'
import { clientTokenErrors, forbidden, notValid, pagingErrors, regionErrors, tagErrors } from './error-rows.js'

/** What the gateway answers before an operation is known (rpc.md §3.6). */
export const GATEWAY_ERRORS = {
  unsupportedMethod: error('UnsupportedHTTPMethod', 400, 'This http method is not supported.'),
  incompleteSignature: error('IncompleteSignature', 400, 'The request signature does not conform to Aliyun standards.'),
  invalidSignatureMethod: error('InvalidSignatureMethod', 400, 'Specified signature method is not valid.'),
  invalidFormat: error('InvalidParameter.Format', 400, 'Specified parameter format is not valid.'),
  accessKeyNotFound: error('InvalidAccessKeyId.NotFound', 404, 'Specified access key is not found.'),
  accessKeyInactive: error('InvalidAccessKeyId.Inactive', 400, 'Specified access key is disabled.'),
  tokenMissing: error('MissingSecurityToken', 400, 'SecurityToken is mandatory for this action.'),
  tokenMalformed: error('InvalidSecurityToken.Malformed', 400, 'Specified SecurityToken is malformed.'),
  timestampFormat: error('InvalidTimeStamp.Format', 400, 'Specified time stamp or date value is not well formatted.'),
  timestampExpired: error('InvalidTimeStamp.Expired', 400, 'Specified time stamp or date value is expired.'),
  // Clients read what follows the colon as the string to sign, and nothing else may follow it (rpc.md §0.4).
  signatureMismatch: error(
    'SignatureDoesNotMatch',
    400,
    'Specified signature is not matched with our calculation. server string to sign is:%s',
  ),
  nonceUsed: error('SignatureNonceUsed', 400, 'Specified signature nonce was used already.'),
  invalidVersion: error('InvalidVersion', 400, 'Specified parameter Version is not valid.'),
  actionNotFound: error('InvalidAction.NotFound', 404, 'Specified api is not found, please check your url and method.'),
  throttled: error('Throttling', 400, 'Request was denied due to request throttling.'),
  throttledUser: error('Throttling.User', 400, 'Request was denied due to user flow control.'),
  notAuthorized: error(
    'Forbidden.RAM',
    403,
    "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
  ),
  contentMd5: error('ContentMD5NotMatched', 400, 'The Content-MD5 you specified did not match what we received.'),
  invalidParameter: error('InvalidParameter', 400, 'The specified parameter "%s" is not valid.'),
  // Bounds of this server (design D13); the vendor publishes no codes for them.
  bodyTooLarge: error('RequestEntityTooLarge', 413, 'The request body exceeds the upper limit of %s bytes.'),
  bodyTooSlow: error('RequestTimeout', 408, 'The request body did not arrive in time.'),
  tooManyParameters: error('InvalidParameter', 400, 'The number of parameters exceeds the upper limit of %s.'),
  unavailable: error('ServiceUnavailable', 503, 'The request has failed due to a temporary failure of the server.'),
  internal: error(
    'InternalError',
    500,
    'The request processing has failed due to some unknown error, exception or failure.',
  ),
} as const satisfies Readonly<Record<string, ErrorRow>>

/** A parameter that an action cannot do without. */
export const missing = (name: string): ErrorRow => error(`Missing${name}`, 400, `${name} is mandatory for this action.`)

const COMMON_ROWS: readonly ErrorRow[] = [
  ...regionErrors,
  ...pagingErrors,
  ...tagErrors,
  ...clientTokenErrors,
  forbidden,
  error('InvalidInstance.NotFound', 404, 'The specified instance does not exist.', 'instance/not-found'),
  error('InstanceIds.ExceedLimit', 403, 'The number of instance IDs exceeds the upper limit.', 'instance/too-many'),
  { ...GATEWAY_ERRORS.unavailable, when: 'store/unavailable' },
]

const rowsByReason = (rows: readonly ErrorRow[]): Map<Reason, ErrorRow> => {
  const byReason = new Map<Reason, ErrorRow>()
  for (const row of rows) {
    const reasons = row.when === undefined ? [] : typeof row.when === 'string' ? [row.when] : row.when
    for (const reason of reasons) if (!byReason.has(reason)) byReason.set(reason, row)
  }
  return byReason
}

const COMMON_BY_REASON: ReadonlyMap<Reason, ErrorRow> = rowsByReason(COMMON_ROWS)

/** Finds what the wire calls a reason; undefined for a fault that no table knows, which is a bug. */
export type FindErrorRow = (reason: Reason) => ErrorRow | undefined

/**
 * The rows of one operation, then the common ones. `X/malformed` of an operation also stands for the problems of X
 * that it has no row for; a common row whose code the operation documents takes the operation's words.
 */
export const compileErrorRows = (errors: readonly ErrorRow[]): FindErrorRow => {
  const own = rowsByReason(errors)
  const byCode = new Map<string, ErrorRow>()
  for (const row of errors) {
    if (!byCode.has(row.code)) byCode.set(row.code, row)
  }
  const documented = (row: ErrorRow): ErrorRow => byCode.get(row.code) ?? row
  return (reason) => {
    const exact = own.get(reason)
    if (exact !== undefined) return exact
    const problem = PARAMETER_PROBLEM.exec(reason)
    // Kinds of faults start with a small letter, parameters with a capital one.
    const name = problem?.[1]
    // A region that is not served is not a malformed one.
    if (name !== undefined && problem?.[2] !== 'missing' && problem?.[2] !== 'not-supported') {
      const general = own.get(`${name}/malformed`)
      if (general !== undefined) return general
    }
    const common = COMMON_BY_REASON.get(reason)
    if (common !== undefined) return documented(common)
    if (name === undefined) return undefined
    if (problem?.[2] === 'missing') return documented(missing(name))
    return documented(notValid(name, reason))
  }
}

const PARAMETER_PROBLEM = /^([A-Z][A-Za-z0-9.]*)\/([a-z-]+)$/

/** The operation's own words for a code, when it documents that code. */
export const documentedRow = (errors: readonly ErrorRow[], row: ErrorRow): ErrorRow =>
  errors.find((one) => one.code === row.code) ?? row
