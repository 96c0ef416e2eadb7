import { describe, expect, it } from 'vitest'
import { compileErrorRows } from '../contract/common-errors.js'
import { error, type ErrorRow, type Reason } from '../contract/define-operation.js'
import { Fault, type FaultKind } from '../domain/faults.js'
import { errorOf, toWireError, WireError } from './wire-errors.js'

const operationOf = (...errors: ErrorRow[]) => ({ errors, findRow: compileErrorRows(errors) })
const plain = operationOf()
const said = ({ code, status, message }: WireError) => `${status} ${code}: ${message}`

describe('reasons of parameters', () => {
  it.each<[Reason, string]>([
    ['CommandId/missing', '400 MissingCommandId: CommandId is mandatory for this action.'],
    ['RegionId/missing', '400 MissingRegionId: RegionId is mandatory for this action.'],
    ['RegionId/unknown', '404 InvalidRegionId.NotFound: The RegionId provided does not exist in our records.'],
    ['RegionId/not-supported', '400 RegionId.ApiNotSupported: The api is not supported in this region.'],
    ['Timeout/too-big', '400 InvalidParameter.Timeout: The specified parameter Timeout is not valid.'],
    ['Tag.Key/missing', '400 MissingParameter.TagKey: You must specify Tag.N.Key.'],
    ['Tag/duplicate', '400 Duplicate.TagKey: The Tag.N.Key contain duplicate key.'],
    ['Tag/too-many', '400 NumberExceed.Tags: The Tags parameter number is exceed.'],
    ['PageNumber/too-small', '400 InvalidParam.PageNumber: The specified parameter is invalid.'],
    ['MaxResults/too-big', '400 InvalidParameter.MaxResults: The specified parameter MaxResults is not valid.'],
    ['ClientToken/malformed', '400 InvalidClientToken.Malformed: The specified parameter clientToken is not valid.'],
  ])('%s without a row of the operation', (reason, expected) => {
    expect(said(errorOf(reason, plain))).toBe(expected)
  })

  it('take the row of the operation first', () => {
    const operation = operationOf(error('InvalidTimeout.ExceedLimit', 403, 'Too much.', ['Timeout/too-big']))
    expect(said(errorOf('Timeout/too-big', operation))).toBe('403 InvalidTimeout.ExceedLimit: Too much.')
    expect(errorOf('Timeout/too-small', operation).code).toBe('InvalidParameter.Timeout')
  })

  it('take the operation’s row for a malformed value when they have none of their own', () => {
    const operation = operationOf(error('InvalidWorkingDir', 400, 'Bad.', 'WorkingDir/malformed'))
    expect(errorOf('WorkingDir/too-long', operation).code).toBe('InvalidWorkingDir')
    expect(errorOf('WorkingDir/missing', operation).code).toBe('MissingWorkingDir')
  })

  it('take the operation’s words for a common code', () => {
    const operation = operationOf(
      error('InvalidRegionId.NotFound', 404, 'The specified parameter RegionId does not exist.'),
    )
    expect(errorOf('RegionId/unknown', operation).message).toBe('The specified parameter RegionId does not exist.')
  })
})

describe('faults', () => {
  it('become the row that names them, with their values', () => {
    const operation = operationOf(error('CmdCount.ExceedQuota', 403, 'At most %s of %s.', 'command/quota-exceeded'))
    expect(said(toWireError(new Fault('command/quota-exceeded', [5, 'commands']), operation))).toBe(
      '403 CmdCount.ExceedQuota: At most 5 of commands.',
    )
  })

  it.each<[FaultKind, string]>([
    ['instance/not-found', '404 InvalidInstance.NotFound'],
    ['page-token/malformed', '400 InvalidParameter.NextToken'],
    ['idempotency/mismatch', '403 IdempotentParameterMismatch'],
    ['idempotency/processing', '403 IdempotentProcessing'],
    ['operation/forbidden', '403 Operation.Forbidden'],
    ['store/unavailable', '503 ServiceUnavailable'],
  ])('%s is %s everywhere', (kind, expected) => {
    expect(said(toWireError(new Fault(kind), plain))).toMatch(`${expected}: `)
  })

  it('before an operation is known is a failure, except for a store that is away', () => {
    expect(said(toWireError(new Fault('store/unavailable'), undefined))).toMatch('503 ServiceUnavailable: ')
    expect(said(toWireError(new Fault('command/in-use'), undefined))).toMatch('500 InternalError: ')
  })

  it('without a row are a failure of the server', () => {
    expect(toWireError(new Fault('command/in-use'), plain).code).toBe('InternalError')
  })
})

describe('everything else', () => {
  const dispatch = error('InternalError.Dispatch', 500, 'An error occurred when you dispatched the request.')

  it('is a failure that says nothing of itself', () => {
    const answer = toWireError(new TypeError('password is hunter2'), plain)
    expect(said(answer)).toBe(
      '500 InternalError: The request processing has failed due to some unknown error, exception or failure.',
    )
    expect(said(toWireError('a text', operationOf(dispatch)))).toBe(
      '500 InternalError.Dispatch: An error occurred when you dispatched the request.',
    )
  })

  it('is itself when it is a wire error', () => {
    const wire = new WireError({ code: 'X', status: 418, message: 'y' })
    expect(toWireError(wire, plain)).toBe(wire)
  })
})
