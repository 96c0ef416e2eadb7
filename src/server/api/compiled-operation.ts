// Everything that the door derives from an operation's declaration, made once (style.md §3.2).
import type { Fields } from '../../schema/shape.js'
import { compileValidator, type Validator } from '../../schema/validate.js'
import { compileErrorRows, type FindErrorRow } from '../contract/common-errors.js'
import type { Operation } from '../contract/define-operation.js'
import { compileJson, type EncodeAnswer } from './encode-json.js'
import { compileXml } from './encode-xml.js'
import type { Format } from './http.js'
import { compileParameters, type ReadParameters } from './parameters.js'

export interface CompiledOperation extends Operation {
  readonly readParameters: ReadParameters
  readonly validator: Validator
  readonly findRow: FindErrorRow
  readonly encode: Readonly<Record<Format, EncodeAnswer>>
  /** Parameters that decide what a list holds, as against which page of it is asked for. */
  readonly filterNames: readonly string[]
  /** Some of its parameters are told nobody again. */
  readonly takesSecrets: boolean
}

const PAGING: ReadonlySet<string> = new Set(['PageNumber', 'PageSize', 'MaxResults', 'NextToken', 'ClientToken'])

/** By action name. Throws for a declaration that clients could not live with. */
export const compileOperations = (operations: readonly Operation[]): ReadonlyMap<string, CompiledOperation> => {
  for (const { name, request, response } of operations) {
    // Upstream: old clients take a Code in an answer for an error, whatever the status (rpc.md §0.11).
    if (Object.hasOwn(response, 'Code')) throw new Error(`${name}: an answer must not have a member named Code`)
    // A token is kept with a hash of the request, from which a short secret could be guessed.
    if (takesSecrets(request) && Object.hasOwn(request, 'ClientToken'))
      throw new Error(`${name}: what takes a secret must not take a ClientToken`)
  }
  return new Map(
    operations.map((operation) => [
      operation.name,
      {
        ...operation,
        readParameters: compileParameters(operation.request),
        validator: compileValidator(operation.request),
        findRow: compileErrorRows(operation.errors),
        encode: { json: compileJson(operation.response), xml: compileXml(operation.name, operation.response) },
        takesSecrets: takesSecrets(operation.request),
        filterNames: Object.keys(operation.request).filter((name) => !PAGING.has(name)),
      },
    ]),
  )
}

const takesSecrets = (request: Fields): boolean =>
  Object.values(request).some((shape) => shape.kind === 'text' && shape.secret === true)
