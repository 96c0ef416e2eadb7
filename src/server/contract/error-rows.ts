// Error rows that several operations document with the same words (api/catalog.json). Each operation lists what its
// own table holds by spreading these.
import { error, type ErrorRow, neverAnswered, type Reason } from './define-operation.js'

/** What is wrong with RegionId (design D10). */
export const regionErrors = [
  error('RegionId.ApiNotSupported', 400, 'The api is not supported in this region.', 'RegionId/not-supported'),
  error('InvalidRegionId.NotFound', 404, 'The RegionId provided does not exist in our records.', [
    'RegionId/unknown',
    'RegionId/malformed',
  ]),
] as const

export const forbidden = error('Operation.Forbidden', 403, 'The operation is not permitted.', 'operation/forbidden')

/** For operations that have nothing to refuse besides what the caller's policies do. */
export const forbiddenNotUsed = neverAnswered(
  forbidden.code,
  forbidden.status,
  forbidden.message,
  'A caller without permission is told Forbidden.RAM.',
)

/** A failure of the server where no other row is documented for it. */
export const dispatchFailure = error(
  'InternalError.Dispatch',
  500,
  'An error occurred when you dispatched the request.',
  'store/unavailable',
)

/** For operations that tell a store that is away from every other failure of the server. */
export const serverErrors = [
  error('InternalError.Dispatch', 500, 'An error occurred when you dispatched the request.'),
  error(
    'ServiceUnavailable',
    500,
    'The request has failed due to a temporary failure of the server.',
    'store/unavailable',
  ),
] as const

export const internalErrorNotUsed = neverAnswered(
  'InternalError',
  500,
  'The request processing has failed due to some unknown error.',
  'A failure of the server is answered as InternalError.Dispatch.',
)

/** All that can be wrong with the paging parameters (api.md §2.2). */
export const pagingErrors = [
  error('InvalidParam.PageNumber', 400, 'The specified parameter is invalid.', [
    'PageNumber/malformed',
    'PageNumber/too-small',
    'PageNumber/too-big',
  ]),
  error('InvalidParam.PageSize', 400, 'The specified parameter is invalid.', [
    'PageSize/malformed',
    'PageSize/too-small',
    'PageSize/too-big',
    // Rows that bring in more than one answer holds: fewer of them do not.
    'page/too-large',
  ]),
  error('InvalidParameter.MaxResults', 400, 'The specified parameter MaxResults is not valid.', [
    'MaxResults/malformed',
    'MaxResults/too-small',
    'MaxResults/too-big',
  ]),
  error('InvalidParameter.NextToken', 400, 'The specified parameter NextToken is not valid.', [
    'page-token/malformed',
    'NextToken/malformed',
    'NextToken/too-long',
    'NextToken/illegal-character',
  ]),
] as const

/** All that can be wrong with `Tag.N` (api.md §2.3). */
export const tagErrors = [
  error('NumberExceed.Tags', 400, 'The Tags parameter number is exceed.', 'Tag/too-many'),
  error('MissingParameter.TagKey', 400, 'You must specify Tag.N.Key.', ['Tag.Key/missing', 'Tag.Key/too-short']),
  error('Duplicate.TagKey', 400, 'The Tag.N.Key contain duplicate key.', 'Tag/duplicate'),
  error('InvalidTagKey.Malformed', 400, 'The specified Tag.n.Key is not valid.', [
    'Tag.Key/malformed',
    'Tag.Key/too-long',
    'Tag.Key/illegal-character',
  ]),
  error('InvalidTagValue.Malformed', 400, 'The specified Tag.n.Value is not valid.', [
    'Tag.Value/malformed',
    'Tag.Value/too-long',
    'Tag.Value/illegal-character',
  ]),
] as const

/** What `ClientToken` can lead to (api.md §2.5). */
export const clientTokenErrors = [
  error('InvalidClientToken.Malformed', 400, 'The specified parameter clientToken is not valid.', [
    'ClientToken/malformed',
    'ClientToken/too-long',
    'ClientToken/illegal-character',
  ]),
  error(
    'IdempotentParameterMismatch',
    403,
    'The specified parameter has changed while using an already used clientToken.',
    'idempotency/mismatch',
  ),
  error(
    'IdempotentProcessing',
    403,
    'The previous idempotent request(s) is still processing.',
    'idempotency/processing',
  ),
] as const

/** Resource groups are labels here: any name is one, and none is ever being made or removed. */
export const resourceGroupErrors = [
  neverAnswered(
    'InvalidResourceGroup.NotFound',
    404,
    'The ResourceGroup provided does not exist in our records.',
    'A resource group is a label here: any name is one.',
  ),
  neverAnswered(
    'InvalidStatus.ResourceGroup',
    403,
    'You cannot perform an operation on a resource group that is being created or deleted.',
    'A resource group is a label here: it is never being created or deleted.',
  ),
] as const

/** A launcher that starts no script; no table has a code for one. */
export const launcherNotValid = error(
  'InvalidParameter.Launcher',
  400,
  'The specified parameter Launcher is not valid.',
  ['Launcher/malformed', 'Launcher/illegal-character', 'command/launcher-malformed'],
)

/** A parameter that is not valid, in the wording of its kin, for problems that no table has a code for. */
export const notValid = (name: string, when: Reason | readonly Reason[]): ErrorRow =>
  error(`InvalidParameter.${name}`, 400, `The specified parameter ${name} is not valid.`, when)
