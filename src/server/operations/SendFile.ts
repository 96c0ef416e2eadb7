// Writes a file on instances (api.md §9.1).
import { flag, integer, optional, repeated, text } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { base64Length, scriptOf } from '../contract/encoded-content.js'
import {
  clientTokenErrors,
  dispatchFailure,
  forbidden,
  notValid,
  regionErrors,
  resourceGroupErrors,
  tagErrors,
} from '../contract/error-rows.js'
import * as resources from '../contract/resource-ids.js'
import {
  hasRollout,
  rolloutErrors,
  rolloutOf,
  rolloutParameters,
  rolloutReason,
} from '../contract/rollout-parameters.js'
import { clientToken, DEFAULT_TIMEOUT_SECONDS, PRINTABLE, resourceGroupId } from '../contract/run-parameters.js'
import { tags, toTags } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'

/** Bytes of a file in its Base64 form. */
const CONTENT_LIMIT = 32_768
/** A shorter time is raised to this one. */
const LEAST_TIMEOUT_SECONDS = 10

// The agent joins directory and name, so a name that is more than one component would lead elsewhere.
const FILE_NAME = '(?!\\.{1,2}$)[^/\\\\\\u0000-\\u001f\\u007f-\\u009f]+'
const DIRECTORY = `(?:/|[A-Za-z]:[\\\\/])${PRINTABLE}`
// What every system takes as a name and no URL has to escape: the vendor's agent writes it into one as it is.
const ACCOUNT_NAME = '[A-Za-z0-9_][A-Za-z0-9_.@-]*\\$?'

const [unknownGroup] = resourceGroupErrors

export const SendFile = defineOperation({
  name: 'SendFile',
  summary: 'Writes a file on instances.',
  access: 'write',
  permission: { resources: (request) => resources.instances(request.InstanceId) },

  request: {
    Name: text('Name of the file, without a path.', {
      minLength: 1,
      maxLength: 255,
      pattern: FILE_NAME,
      example: 'file.txt',
    }),
    TargetDir: text('Directory on the instance, from its root; made when it is missing.', {
      minLength: 1,
      maxLength: 255,
      pattern: DIRECTORY,
      example: '/home',
    }),
    Content: text('The file, at most 32 KB in its Base64 form; not empty.', {
      maxLength: CONTENT_LIMIT,
      lengthIn: 'no-spaces',
      example: '#!/bin/bash  echo "Current User is :"  echo $(ps | grep "$$" | awk \\"{print $2}\\")',
    }),
    InstanceId: optional(
      repeated(
        'Instances to write it on, all or none; how many at most is configuration, 50 by default. With RerunOf, those of them that it is about.',
        text('An instance.', { example: 'i-bp185dy2o3o6n****' }),
      ),
    ),
    RerunOf: optional(
      text(
        'An earlier send: write it on those of its instances on which it failed (Failed, Error, Timeout, Invalid, Aborted). With InstanceId, on those alone that it names. Timeout and ResourceGroupId are then those of that send where they are not given. An addition of this server.',
        { example: 'f-7d2a745b412b4601b2d47f6a768d****' },
      ),
    ),
    ContentType: optional(
      text('How Content is written.', { oneOf: ['PlainText', 'Base64'], default: 'PlainText', example: 'PlainText' }),
    ),
    Description: optional(text('What it is for.', { maxLength: 512, example: 'This is a test file.' })),
    FileOwner: optional(
      text('Its owner, where the instance is not Windows.', {
        maxLength: 64,
        pattern: ACCOUNT_NAME,
        default: 'root',
        example: 'test',
      }),
    ),
    FileGroup: optional(
      text('Its group, where the instance is not Windows.', {
        maxLength: 64,
        pattern: ACCOUNT_NAME,
        default: 'root',
        example: 'test',
      }),
    ),
    FileMode: optional(
      text('Its mode, in octal, where the instance is not Windows.', {
        pattern: '0?[0-7]{3,4}',
        default: '0644',
        example: '0644',
      }),
    ),
    Overwrite: optional(flag('Whether a file of that name is replaced.', { default: false })),
    Timeout: optional(
      integer('Seconds that an instance may take. Fewer than 10 count as 10.', {
        max: 86_400,
        default: DEFAULT_TIMEOUT_SECONDS,
        example: 60,
      }),
    ),
    ResourceGroupId: resourceGroupId('Resource group of the send; all instances must belong to it.'),
    ...rolloutParameters,
    Tag: tags,
    ClientToken: clientToken,
  },

  response: {
    InvokeId: text('The send.'),
  },

  errors: [
    error('MissingParam.InstanceId', 400, 'The parameter instanceId is missing or empty.', 'InstanceId/missing'),
    error('InstanceIds.ExceedLimit', 403, 'The number of instance IDs exceeds the upper limit.', [
      'InstanceId/too-many',
      'instance/too-many',
    ]),
    error('InvalidInstance.NotFound', 404, 'The specified instances not found.', 'instance/not-found'),
    error('InvalidInvokeId.NotFound', 404, 'The send that RerunOf names does not exist.', 'invocation/not-found'),
    error(
      'InvalidRerunOf.NothingFailed',
      400,
      'The send that RerunOf names failed on no instance that is still there and, with InstanceId, named.',
      'rerun/nothing-to-run',
    ),
    error('FileName.ExceedLimit', 403, 'The length of file name exceeds limit.', 'Name/too-long'),
    notValid('Name', ['Name/malformed', 'Name/too-short', 'Name/illegal-character']),
    error('FileTargetDir.Invalid', 400, 'The target directory of file is invalid.', [
      'TargetDir/malformed',
      'TargetDir/too-long',
      'TargetDir/too-short',
      'TargetDir/illegal-character',
    ]),
    error('FileSize.ExceedLimit', 403, 'The length of file content exceeds limit.', 'Content/too-long'),
    error('FileContentType.Invalid', 400, 'The ContentType of file is invalid.', [
      'ContentType/unknown',
      'ContentType/malformed',
    ]),
    error('FileContent.DecodeError', 400, 'The Content can not be base64 decoded.', 'Content/malformed'),
    error('FileDesc.ExceedLimit', 403, 'The length of file description exceeds limit.', 'Description/too-long'),
    error('FileMode.Invalid', 400, 'The mode of file is invalid.', 'FileMode/malformed'),
    notValid('FileOwner', ['FileOwner/malformed', 'FileOwner/too-long', 'FileOwner/illegal-character']),
    notValid('FileGroup', ['FileGroup/malformed', 'FileGroup/too-long', 'FileGroup/illegal-character']),
    error(
      'InvalidTimeout.ExceedLimit',
      403,
      'The specified parameter Timeout exceeds the upper limit.',
      'Timeout/too-big',
    ),
    notValid('Timeout', 'Timeout/malformed'),
    ...rolloutErrors,
    ...tagErrors,
    ...clientTokenErrors,
    unknownGroup,
    forbidden,
    ...regionErrors,
    dispatchFailure,
  ],

  check(request, { limits }: Pick<Domain, 'files' | 'limits'>) {
    // An id that is empty names nothing.
    const ids = new Set(request.InstanceId?.filter((id) => id !== ''))
    if (request.RerunOf === undefined && ids.size === 0) return 'InstanceId/missing'
    // One with a rollout has a bound of its own, which the domain holds.
    if (!hasRollout(request) && ids.size > limits.instancesPerFileSend) return 'InstanceId/too-many'
    const content = contentOf(request)
    if (content === undefined) return 'Content/malformed'
    return base64Length(content.byteLength) > CONTENT_LIMIT ? 'Content/too-long' : rolloutReason(request)
  },

  async handle({ request, scope, caller, repeat }, { files }: Pick<Domain, 'files' | 'limits'>) {
    const { invokeId } = await files.send(
      scope,
      caller,
      {
        name: request.Name,
        description: request.Description ?? '',
        targetDir: request.TargetDir,
        content: contentOf(request) ?? new Uint8Array(),
        contentType: request.ContentType ?? 'PlainText',
        owner: request.FileOwner ?? '',
        group: request.FileGroup ?? '',
        mode: request.FileMode ?? '0644',
        overwrite: request.Overwrite ?? false,
      },
      {
        instanceIds: request.InstanceId?.filter((id) => id !== '') ?? [],
        rerunOf: request.RerunOf,
        timeoutSeconds: request.Timeout === undefined ? undefined : Math.max(LEAST_TIMEOUT_SECONDS, request.Timeout),
        resourceGroupId: request.ResourceGroupId ?? '',
        tags: toTags(request.Tag),
        rollout: rolloutOf(request),
      },
      repeat,
    )
    return { InvokeId: invokeId }
  },
})

const contentOf = (request: {
  readonly Content: string
  readonly ContentType?: 'PlainText' | 'Base64' | undefined
}): Uint8Array | undefined => scriptOf(request.Content, request.ContentType ?? 'PlainText')
