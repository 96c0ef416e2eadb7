// What came out of invocations, one row for each instance (api.md §8).
import { flag, integer, list, omitted, optional, record, text, time } from '../../schema/shape.js'
import { defineOperation } from '../contract/define-operation.js'
import { encodeBytes } from '../contract/encoded-content.js'
import {
  forbiddenNotUsed,
  internalErrorNotUsed,
  pagingErrors,
  regionErrors,
  serverErrors,
  tagErrors,
} from '../contract/error-rows.js'
import { pageFields, pageOf, pageRequest, pageResponse } from '../contract/paging.js'
import * as resources from '../contract/resource-ids.js'
import { resourceGroupId } from '../contract/run-parameters.js'
import { fromTags, tagFilter, tagsAnswer, toTagFilters } from '../contract/tag-parameters.js'
import { OSS_OUTPUT_STATES, TASK_STATES } from '../contract/task-states.js'
import type { Domain } from '../domain/domain.js'
import type { TaskResult } from '../domain/invocations/invocations.js'

export const DescribeInvocationResults = defineOperation({
  name: 'DescribeInvocationResults',
  summary: 'Lists the results of invocations on each instance, newest first.',
  access: 'read',
  permission: { resources: (request) => resources.runs(request.InstanceId, request.CommandId) },

  request: {
    InvokeId: optional(text('Only those of this invocation.', { example: 't-hz0jdfwd9f****' })),
    InstanceId: optional(text('Only those on this instance.', { example: 'i-bp1i7gg30r52z2em****' })),
    CommandId: optional(
      text('Only runs of this command, also of an invocation that runs another one since.', {
        example: 'c-hz0jdfwcsr****',
      }),
    ),
    InvokeRecordStatus: optional(
      text('Only those in this state.', {
        oneOf: ['Running', 'Finished', 'Success', 'Failed', 'PartialFailed', 'Stopping', 'Stopped'],
        example: 'Running',
      }),
    ),
    IncludeHistory: optional(
      flag(
        'Whether every run of an invocation that repeats is answered, instance by instance, the runs of each newest first; it needs an InvokeId.',
        {
          default: false,
        },
      ),
    ),
    ContentEncoding: optional(text('How Output is answered.', { oneOf: ['PlainText', 'Base64'], default: 'Base64' })),
    ResourceGroupId: resourceGroupId('Only those of this resource group.'),
    Tag: tagFilter,
    ...pageRequest({ pageSize: 50, maxResults: 50 }),
  },

  response: {
    // Upstream: here, and nowhere else, the paging members are inside (api.md §1).
    Invocation: record(
      {
        InvocationResults: list(
          'One entry for each instance of each invocation.',
          'InvocationResult',
          record({
            Dropped: integer('Bytes of output that were not kept.'),
            InvocationStatus: text('State on this instance.', { oneOf: TASK_STATES }),
            InstanceId: text('The instance.'),
            ExitCode: omitted(integer('Exit code; left out until the script ended by itself.')),
            ErrorInfo: text('What went wrong, in words.'),
            StartTime: optional(time('When it began on the instance.')),
            Repeats: integer('How often it ran: 0 or 1, more only where it repeats.'),
            InvokeRecordStatus: text('State on this instance in its older words.', {
              oneOf: ['Running', 'Finished', 'Failed', 'PartialFailed', 'Stopped', 'Stopping'],
            }),
            FinishedTime: optional(time('When it ended on the instance.')),
            Output: text('Output, written as ContentEncoding asks.'),
            CommandId: text('The command.'),
            ErrorCode: text('What went wrong.'),
            InvokeId: text('The invocation.'),
            StopTime: optional(time('When it was asked to stop.')),
            Username: text('User that was asked for.'),
            Launcher: optional(text('Line that starts the script.')),
            TerminationMode: optional(text('What is ended on a stop or a timeout.')),
            ContainerId: optional(text('Container that was asked for.')),
            ContainerName: optional(text('Container that was asked for, by name.')),
            OssOutputDelivery: optional(text('Where the outputs are delivered to.')),
            OssOutputStatus: optional(
              text('State of the delivery of the output, once the run is over.', { oneOf: OSS_OUTPUT_STATES }),
            ),
            OssOutputUri: optional(text('Where the output is; empty until it is there.')),
            OssOutputErrorCode: optional(
              text('Why the output is not there, in a word of the store; also while it is tried again.'),
            ),
            OssOutputErrorInfo: optional(text('The same in words.')),
            Tags: tagsAnswer,
          }),
        ),
        ...pageResponse,
      },
      'The results, with where the list goes on.',
    ),
  },

  errors: [...pagingErrors, ...tagErrors, forbiddenNotUsed, ...regionErrors, internalErrorNotUsed, ...serverErrors],

  async handle({ request, scope, pageTokens }, { invocations }: Pick<Domain, 'invocations'>) {
    const asked = pageOf(request, pageTokens)
    const filter = {
      invokeId: request.InvokeId,
      commandId: request.CommandId,
      instanceId: request.InstanceId,
      recordStatus: request.InvokeRecordStatus,
      includeHistory: request.IncludeHistory,
      resourceGroupId: request.ResourceGroupId,
      tags: toTagFilters(request.Tag),
    }
    const page = await invocations.results(scope, filter, asked)
    return {
      Invocation: {
        InvocationResults: page.items.map((result) => entry(result, request.ContentEncoding)),
        ...pageFields(page, asked, pageTokens),
      },
    }
  },
})

const entry = (result: TaskResult, encoding: string | undefined) => ({
  Dropped: result.dropped,
  InvocationStatus: result.status,
  InstanceId: result.instanceId,
  ExitCode: result.exitCode,
  ErrorInfo: result.errorInfo,
  StartTime: result.startedAt,
  Repeats: result.repeats,
  InvokeRecordStatus: result.legacyStatus,
  FinishedTime: result.finishedAt,
  Output: encodeBytes(result.output, encoding),
  CommandId: result.commandId,
  ErrorCode: result.errorCode,
  InvokeId: result.invokeId,
  StopTime: result.stoppedAt,
  Username: result.username,
  Launcher: result.launcher,
  TerminationMode: result.terminationMode,
  ContainerId: result.containerId,
  ContainerName: result.containerName,
  OssOutputDelivery: result.outputDelivery,
  OssOutputStatus: result.delivery?.status,
  OssOutputUri: result.delivery?.uri,
  OssOutputErrorCode: result.delivery?.errorCode,
  OssOutputErrorInfo: result.delivery?.errorInfo,
  Tags: fromTags(result.tags),
})
