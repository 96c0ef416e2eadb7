// Sent files with what became of them on each instance (api.md §9.2).
import { flagText, integer, list, optional, record, text, time } from '../../schema/shape.js'
import { defineOperation } from '../contract/define-operation.js'
import { encodeBytes } from '../contract/encoded-content.js'
import { dispatchFailure, forbiddenNotUsed, pagingErrors, regionErrors, tagErrors } from '../contract/error-rows.js'
import { pageFields, pageOf, pageRequest, pageResponseWithId } from '../contract/paging.js'
import * as resources from '../contract/resource-ids.js'
import { resourceGroupId } from '../contract/run-parameters.js'
import { fromTags, tagFilter, tagsAnswer, toTagFilters } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'
import type { FileResult, FileSend } from '../domain/files/files.js'

const SEND_STATES = ['Pending', 'Running', 'Success', 'Failed', 'PartialFailed'] as const
const INSTANCE_STATES = ['Pending', 'Invalid', 'Running', 'Aborted', 'Success', 'Failed', 'Error', 'Timeout'] as const

export const DescribeSendFileResults = defineOperation({
  name: 'DescribeSendFileResults',
  summary: 'Lists sent files and what became of them on each instance, newest first.',
  access: 'read',
  permission: {
    resources: (request) => resources.instances(request.InstanceId === undefined ? undefined : [request.InstanceId]),
  },

  request: {
    InvokeId: optional(text('One send.', { example: 'f-hz0jdfwd9f****' })),
    Name: optional(text('Only files of this name.', { example: 'test.txt' })),
    InstanceId: optional(text('Only those to this instance.', { example: 'i-hz0jdfwd9f****' })),
    InvocationStatus: optional(text('Only sends in this state.', { oneOf: SEND_STATES, example: 'Success' })),
    ResourceGroupId: resourceGroupId('Only those of this resource group.'),
    Tag: tagFilter,
    ...pageRequest({ pageSize: 50, maxResults: 50 }),
  },

  response: {
    ...pageResponseWithId,
    Invocations: list(
      'One entry for each send.',
      'Invocation',
      record({
        InvokeId: text('The send.'),
        InvocationStatus: text('State of the whole.', { oneOf: SEND_STATES }),
        Name: text('Name of the file.'),
        Description: text('What it is for.'),
        TargetDir: text('Directory on the instances.'),
        Content: text('The file in Base64, whatever ContentType says.'),
        ContentType: text('How the content was sent.', { oneOf: ['PlainText', 'Base64'] }),
        FileOwner: text('Owner that was asked for.'),
        FileGroup: text('Group that was asked for.'),
        FileMode: text('Mode that was asked for.'),
        Overwrite: flagText('Whether a file of that name is replaced.'),
        VmCount: integer('Instances that it was sent to.'),
        CreationTime: time('When it was asked for.'),
        InvokeInstances: list(
          'One entry for each instance.',
          'InvokeInstance',
          record({
            InstanceId: text('The instance.'),
            InvocationStatus: text('State on this instance.', { oneOf: INSTANCE_STATES }),
            ErrorCode: text('What went wrong.'),
            ErrorInfo: text('What went wrong, in words.'),
            CreationTime: time('When it was asked for.'),
            StartTime: optional(time('When the instance took it.')),
            FinishTime: optional(time('When it was over on the instance.')),
            UpdateTime: time('When its state changed last.'),
          }),
        ),
        Tags: tagsAnswer,
      }),
    ),
  },

  errors: [...pagingErrors, ...tagErrors, forbiddenNotUsed, ...regionErrors, dispatchFailure],

  async handle({ request, scope, pageTokens }, { files }: Pick<Domain, 'files'>) {
    const asked = pageOf(request, pageTokens)
    const filter = {
      invokeId: request.InvokeId,
      name: request.Name,
      instanceId: request.InstanceId,
      status: request.InvocationStatus,
      resourceGroupId: request.ResourceGroupId,
      tags: toTagFilters(request.Tag),
    }
    const page = await files.results(scope, filter, asked)
    return { ...pageFields(page, asked, pageTokens), Invocations: page.items.map(entry) }
  },
})

const entry = (send: FileSend) => ({
  InvokeId: send.invokeId,
  InvocationStatus: send.status,
  Name: send.name,
  Description: send.description,
  TargetDir: send.targetDir,
  Content: encodeBytes(send.content, 'Base64'),
  ContentType: send.contentType,
  FileOwner: send.owner || 'root',
  FileGroup: send.group || 'root',
  FileMode: send.mode,
  Overwrite: send.overwrite,
  VmCount: send.instanceCount,
  CreationTime: send.createdAt,
  InvokeInstances: send.results.map(instanceEntry),
  Tags: fromTags(send.tags),
})

const instanceEntry = (result: FileResult) => ({
  InstanceId: result.instanceId,
  InvocationStatus: result.status,
  ErrorCode: result.errorCode,
  ErrorInfo: result.errorInfo,
  CreationTime: result.createdAt,
  StartTime: result.startedAt,
  FinishTime: result.finishedAt,
  UpdateTime: result.updatedAt,
})
