// The steps of pipeline.ts behind identification. Each gives its result to the next one.
import type { KeyObject } from 'node:crypto'
import type { FlawReason } from '../../schema/validate.js'
import { GATEWAY_ERRORS } from '../contract/common-errors.js'
import { type Call, PRODUCTS, productOf, type Reason } from '../contract/define-operation.js'
import { createPageTokens } from '../contract/page-tokens.js'
import { VENDOR_REGIONS } from '../contract/vendor-regions.js'
import type { Access } from '../domain/access/access.js'
import type { Caller, Scope } from '../domain/access/scope.js'
import type { Domain } from '../domain/domain.js'
import type { CompiledOperation } from './compiled-operation.js'
import type { Identified } from './identify.js'
import type { Parameters } from './parameters.js'
import { isClientToken, repeatableOf } from './repeatable.js'
import type { Throttle } from './throttle.js'
import { errorOf, WireError } from './wire-errors.js'

const VERSIONS: ReadonlySet<string> = new Set(Object.values(PRODUCTS).map(({ version }) => version))

/** A request whose action is one of ours. */
export interface Recognised {
  readonly identified: Identified
  readonly operation: CompiledOperation
}

export const recognise = (identified: Identified, operations: ReadonlyMap<string, CompiledOperation>): Recognised => {
  if (!VERSIONS.has(identified.version)) throw new WireError(GATEWAY_ERRORS.invalidVersion)
  const operation = operations.get(identified.action)
  if (operation === undefined || productOf(operation).version !== identified.version)
    throw new WireError(GATEWAY_ERRORS.actionNotFound)
  return { identified, operation }
}

export const throttle = ({ identified, operation }: Recognised, buckets: Throttle, now: number): void => {
  const waitMs = buckets.take(`${identified.key.accessKeyId}\n${operation.name}`, now)
  if (waitMs === 0) return
  throw new WireError(GATEWAY_ERRORS.throttledUser, [], { headers: { 'x-acs-retry-after': String(waitMs) } })
}

/** A request whose parameters are values, of which some may be wrong. */
export interface Parsed {
  readonly operation: CompiledOperation
  readonly parameters: Parameters
  readonly given: ReadonlyMap<string, string>
  readonly caller: Caller
  /** As it was sent, '' when it was not. */
  readonly regionId: string
}

export const parse = ({ identified, operation }: Recognised, sourceAddress: string): Parsed => {
  const { accountId, accessKeyId, userId } = identified.key
  const given = identified.received.parameters
  return {
    operation,
    parameters: operation.readParameters(given),
    given,
    caller: { accountId, accessKeyId, userId, sourceAddress },
    regionId: given.get('RegionId') ?? '',
  }
}

/** Longer labels are nobody's. */
const MAX_REGION_ID = 64

/**
 * Permission comes before validation, so that a caller who may not call an operation learns nothing about it. What the
 * request does not say is then everything of its kind.
 */
export const permit = async (
  parsed: Parsed,
  { access, regions }: { readonly access: Pick<Access, 'permissions'>; readonly regions: readonly string[] },
): Promise<Parsed> => {
  const { operation, caller } = parsed
  const region = operation.regionless === true || parsed.regionId === '' ? regions[0] : parsed.regionId
  const { permissions } = productOf(operation)
  const prefix = `acs:${permissions}:${region !== undefined && region.length <= MAX_REGION_ID ? region : '*'}:${caller.accountId}:`
  const action = `${permissions}:${operation.name}`
  const resources = resourcesOf(parsed).map((relative) => prefix + relative)
  if (!(await access.permissions.allowed(caller, action, resources))) throw notAuthorized(action, caller)
  return parsed
}

const resourcesOf = ({ operation, parameters: { values, unreadable } }: Parsed): readonly string[] => {
  // The declaration's own type is behind Operation; these are its values, unless validation will refuse them.
  const resources = operation.permission.resources as (values: unknown) => readonly string[]
  try {
    return resources(values)
  } catch (error) {
    const incomplete =
      operation.validator.findMissing(values, unreadable) ?? operation.validator.findFlaw(values, unreadable)
    if (incomplete === undefined) throw error
    return ['*']
  }
}

const notAuthorized = (action: string, caller: Caller): WireError =>
  new WireError(GATEWAY_ERRORS.notAuthorized, [], {
    detail: {
      AccessDeniedDetail: {
        AuthAction: action,
        AuthPrincipalType: 'SubUser',
        AuthPrincipalOwnerId: caller.accountId,
        AuthPrincipalDisplayName: caller.userId ?? caller.accountId,
        PolicyType: 'AccountLevelIdentityBasedPolicy',
      },
    },
  })

/** A request that holds what its operation declares. */
export interface Validated {
  readonly parsed: Parsed
  readonly scope: Scope
}

/** Required parameters, then the region, then syntax and limits (api.md §1). */
export const validate = (
  permitted: Parsed,
  { domain, regions }: { readonly domain: Domain; readonly regions: readonly string[] },
): Validated => {
  const { operation, caller } = permitted
  const { values, unreadable } = permitted.parameters
  const isRegional = operation.regionless !== true
  const check = operation.check as ((values: unknown, domain: Domain) => Reason | undefined) | undefined
  const reason: Reason | undefined =
    (isRegional && permitted.regionId === '' ? 'RegionId/missing' : undefined) ??
    operation.validator.findMissing(values, unreadable) ??
    (isRegional ? findRegionFlaw(permitted.regionId, regions) : undefined) ??
    operation.validator.findFlaw(values, unreadable) ??
    findClientTokenFlaw(values['ClientToken']) ??
    check?.(values, domain)
  if (reason !== undefined) throw errorOf(reason, operation)
  const regionId = isRegional ? permitted.regionId : (regions[0] ?? '')
  return { parsed: permitted, scope: { accountId: caller.accountId, regionId, actor: caller.accessKeyId } }
}

/** A region of the vendor that is not served here is told from a label that nobody knows (design D10). */
const findRegionFlaw = (label: string, served: readonly string[]): FlawReason | undefined => {
  if (served.includes(label)) return undefined
  return VENDOR_REGIONS.has(label) ? 'RegionId/not-supported' : 'RegionId/unknown'
}

const findClientTokenFlaw = (token: unknown): FlawReason | undefined =>
  typeof token === 'string' && !isClientToken(token) ? 'ClientToken/malformed' : undefined

export interface Outcome {
  /** What the handler returned, now or for the same ClientToken before. */
  readonly answer: unknown
  readonly repeated: boolean
}

/** Runs the operation; with a ClientToken once, however often it is sent (api.md §2.5). */
export const handle = async (
  validated: Validated,
  parts: { readonly domain: Domain; readonly access: Pick<Access, 'repeats'>; readonly pageTokenKey: KeyObject },
): Promise<Outcome> => {
  const { parsed, scope } = validated
  const { operation, caller } = parsed
  const { values } = parsed.parameters
  const token = values['ClientToken']
  const repeat =
    operation.access === 'write' && typeof token === 'string'
      ? repeatableOf(operation.name, token, parsed.given)
      : undefined
  const call: Call<unknown> = {
    request: values,
    scope,
    caller,
    repeat,
    pageTokens: createPageTokens(parts.pageTokenKey, () => pageBinding(validated)),
  }
  const run = operation.handle as (call: Call<unknown>, domain: Domain) => Promise<unknown>
  if (repeat === undefined) return { answer: await run(call, parts.domain), repeated: false }
  const { repeats } = parts.access
  const earlier = await repeats.begin(scope, repeat)
  if (earlier !== undefined) return { answer: earlier.answer, repeated: true }
  try {
    return { answer: await run(call, parts.domain), repeated: false }
  } finally {
    repeats.end(scope, repeat)
  }
}

/** Whose list, and which filters: a token of another list is not good for this one. */
const pageBinding = ({ parsed: { operation, parameters }, scope }: Validated): string =>
  JSON.stringify([
    operation.name,
    scope.accountId,
    scope.regionId,
    operation.filterNames.map((name) => parameters.values[name] ?? null),
  ])
