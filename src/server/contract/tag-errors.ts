// The error rows that the operations on tags of what is there document with the same words (api/catalog.json).
import { error, type ErrorRow, neverAnswered } from './define-operation.js'

const NO_SCOPE = 'Tags have no scope and no owner here.'

/** RegionId as these operations tell of it; one of the vendor that is not served is told as everywhere. */
const regionRows = [
  error('MissingParameter.RegionId', 404, 'The parameter - RegionId should not be null.', 'RegionId/missing'),
  error('InvalidRegionId.NotFound', 404, 'The RegionId provided does not exist in our records.', 'RegionId/unknown'),
] as const

const tooManyIds = (message: string): ErrorRow => error('NumberExceed.ResourceIds', 400, message, 'ResourceId/too-many')

/** What is wrong with the resources, and what all of these operations document. */
export const taggedResourceErrors = (tooMany = "The ResourceIds parameter's number is exceed , Valid : 50.") => [
  ...regionRows,
  error(
    'MissingParameter.ResourceType',
    404,
    'The parameter - ResourceType should not be null.',
    'ResourceType/missing',
  ),
  error(
    'InvalidResourceType.NotFound',
    404,
    'The ResourceType provided does not exist in our records.',
    'ResourceType/unknown',
  ),
  error('MissingParameter.ResourceIds', 404, 'The parameter - ResourceIds.N should not be null.', [
    'ResourceId/missing',
    'ResourceId/malformed',
  ]),
  tooManyIds(tooMany),
  error(
    'InvalidResourceId.NotFound',
    404,
    'The specified ResourceIds are not found in our records.',
    'resource/not-found',
  ),
  // A public command.
  error(
    'InvalidResourceId.NotSupported',
    403,
    'The specified ResourceId does not support tagging.',
    'resource/not-taggable',
  ),
  neverAnswered('Invalid.Scope', 400, 'The specified scope is invalid.', NO_SCOPE),
  neverAnswered(
    'PermissionDenied.Scope',
    403,
    'The specified operator not have permission to set Scope value.',
    NO_SCOPE,
  ),
  neverAnswered(
    'PermissionDenied.TagOwnerBid',
    403,
    'The specified operator not have permission to set TagOwnerBid value.',
    NO_SCOPE,
  ),
  neverAnswered(
    'PermissionDenied.TagOwnerUid',
    403,
    'The specified operator not have permission to set TagOwnerUid value.',
    NO_SCOPE,
  ),
  neverAnswered(
    'NoPermission.Tag',
    403,
    'The operator is not permission for the tag.',
    'A caller without permission is told Forbidden.RAM.',
  ),
  error('ServiceUnavailable', 500, 'The service is unavailable, please try again later.', 'store/unavailable'),
]

export const quotaNotUsed = neverAnswered(
  'OperationDenied.QuotaExceed',
  400,
  'The quota of tags on resource is beyond permitted range.',
  'Nothing is added here.',
)

/** For operations whose too many tags are told as NumberExceed.Tags. */
export const tagCountNotUsed = neverAnswered(
  'InvalidTagCount',
  400,
  'The specified tags are beyond the permitted range.',
  'Too many tags are told as NumberExceed.Tags.',
)
