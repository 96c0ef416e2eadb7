// Invocations with what became of them on each instance (api.md §8).
import { flag, integer, list, omitted, optional, record, text, time } from '../../schema/shape.js'
import { commandType } from '../contract/command-parameters.js'
import { defineOperation } from '../contract/define-operation.js'
import { encodeBytes } from '../contract/encoded-content.js'
import {
  dispatchFailure,
  forbiddenNotUsed,
  notValid,
  pagingErrors,
  regionErrors,
  tagErrors,
} from '../contract/error-rows.js'
import { madeOneByOne } from '../contract/made-one-by-one.js'
import { pageFields, pageOf, pageRequest, pageResponseWithId } from '../contract/paging.js'
import * as resources from '../contract/resource-ids.js'
import { resourceGroupId } from '../contract/run-parameters.js'
import { fromTags, tagFilter, tagsAnswer, toTagFilters } from '../contract/tag-parameters.js'
import { OSS_OUTPUT_STATES, TASK_STATES } from '../contract/task-states.js'
import type { Domain } from '../domain/domain.js'
import type { Invocation, Task } from '../domain/invocations/invocations.js'

const AGGREGATE_STATES = [
  'Pending',
  'Scheduled',
  'Running',
  'Success',
  'Failed',
  'PartialFailed',
  'Stopping',
  'Stopped',
] as const
const INVOKE_STATES = ['Finished', ...AGGREGATE_STATES] as const

export const DescribeInvocations = defineOperation({
  name: 'DescribeInvocations',
  summary: 'Lists invocations and what became of them on each instance, newest first.',
  access: 'read',
  permission: { resources: (request) => resources.runs(request.InstanceId, request.CommandId) },

  request: {
    InvokeId: optional(text('One invocation.', { example: 't-hz0jdfwd9f****' })),
    CommandId: optional(text('Only those that run this command now.', { example: 'c-hz0jdfwcsr****' })),
    CommandName: optional(
      text('Only those of commands with this name. Without effect when InstanceId is given.', {
        example: 'CommandTestName',
      }),
    ),
    CommandType: optional(commandType),
    InstanceId: optional(text('Only those on this instance.', { example: 'i-bp1i7gg30r52z2em****' })),
    InvokeStatus: optional(
      text('Only those in this state. PartialFailed is without effect when InstanceId is given.', {
        oneOf: INVOKE_STATES,
        example: 'Finished',
      }),
    ),
    RepeatMode: optional(
      text('Only those that run this often. Without effect when InstanceId is given.', {
        oneOf: ['Once', 'Period', 'NextRebootOnly', 'EveryReboot'],
      }),
    ),
    Timed: optional(flag('true: only those that will run again; false: only the others.')),
    IncludeOutput: optional(
      flag(
        'Whether outputs are answered; only when InvokeId or InstanceId is given, and up to 64 MiB of them: DescribeInvocationResults has pages.',
        { default: false },
      ),
    ),
    ContentEncoding: optional(
      text('How CommandContent and Output are answered.', { oneOf: ['PlainText', 'Base64'], default: 'Base64' }),
    ),
    ResourceGroupId: resourceGroupId('Only those of this resource group.'),
    Tag: tagFilter,
    ...pageRequest({ pageSize: 50, maxResults: 50 }),
  },

  response: {
    ...pageResponseWithId,
    Invocations: list(
      'One entry for each invocation.',
      'Invocation',
      record({
        CommandContent: text('The script, written as ContentEncoding asks.'),
        InvocationStatus: text('State of the whole.', { oneOf: AGGREGATE_STATES }),
        InvokeStatus: text('State of the whole in its older words.', { oneOf: INVOKE_STATES }),
        Parameters: text('Values of the custom parameters, as the text of a JSON object.'),
        CommandType: commandType,
        Timed: flag(
          'Whether it was asked for more than one run, or for a start of its instances: also once it is over.',
        ),
        CreationTime: time('When it was asked for.'),
        Frequency: optional(text('Schedule.')),
        CommandId: text('The command.'),
        CommandName: text('Name of the command.'),
        InvokeId: text('The invocation.'),
        InvokeInstances: list(
          'One entry for each instance.',
          'InvokeInstance',
          record({
            Dropped: integer('Bytes of output that were not kept.'),
            InvocationStatus: text('State on this instance.', { oneOf: TASK_STATES }),
            InstanceId: text('The instance.'),
            InstanceInvokeStatus: text('State on this instance in its older words.', {
              oneOf: ['Running', 'Finished', 'Failed', 'Stopped', 'Stopping'],
            }),
            ExitCode: omitted(integer('Exit code; left out until the script ended by itself.')),
            ErrorInfo: text('What went wrong, in words.'),
            StartTime: optional(time('When it began on the instance.')),
            Repeats: integer('How often it ran: 0 or 1, more only where it repeats.'),
            FinishTime: optional(time('When it ended on the instance.')),
            Output: optional(text('Output, written as ContentEncoding asks.')),
            CreationTime: time('When it was asked for.'),
            UpdateTime: time('When its state changed last.'),
            ErrorCode: text('What went wrong.'),
            StopTime: optional(time('When it was asked to stop.')),
            Timed: flag('As of the invocation: it repeats, or waits for a start of the instance.'),
            OssOutputStatus: optional(
              text('State of the delivery of the output, once the run is over.', { oneOf: OSS_OUTPUT_STATES }),
            ),
            OssOutputUri: optional(text('Where the output is; empty until it is there.')),
            OssOutputErrorCode: optional(
              text('Why the output is not there, in a word of the store; also while it is tried again.'),
            ),
            OssOutputErrorInfo: optional(text('The same in words.')),
          }),
        ),
        CommandDescription: text('Description of the command.'),
        Username: text('User that was asked for.'),
        WorkingDir: text('Directory that was asked for.'),
        Timeout: integer('Seconds that the script may take.'),
        RepeatMode: text('How often it runs.', {
          oneOf: ['Once', 'Period', 'NextRebootOnly', 'EveryReboot', 'DryRun'],
        }),
        Launcher: optional(text('Line that starts the script.')),
        TerminationMode: optional(text('What is ended on a stop or a timeout.')),
        ContainerId: optional(text('Container that was asked for.')),
        ContainerName: optional(text('Container that was asked for, by name.')),
        OssOutputDelivery: optional(text('Where the outputs are delivered to.')),
        Tags: tagsAnswer,
      }),
    ),
  },

  errors: [
    ...pagingErrors,
    ...tagErrors,
    notValid('IncludeOutput', ['IncludeOutput/malformed', 'output/too-large']),
    forbiddenNotUsed,
    ...regionErrors,
    dispatchFailure,
  ],

  async handle({ request, scope, pageTokens }, { invocations }: Pick<Domain, 'invocations'>) {
    const asked = pageOf(request, pageTokens)
    // Upstream: three filters do not count beside InstanceId (api.md §8.1).
    const onOne = request.InstanceId !== undefined
    const filter = {
      invokeId: request.InvokeId,
      commandId: request.CommandId,
      commandName: onOne ? undefined : request.CommandName,
      commandType: request.CommandType,
      instanceId: request.InstanceId,
      invokeStatus: onOne && request.InvokeStatus === 'PartialFailed' ? undefined : request.InvokeStatus,
      repeatMode: onOne ? undefined : request.RepeatMode,
      timed: request.Timed,
      includeOutput: request.IncludeOutput === true && (request.InvokeId !== undefined || onOne),
      resourceGroupId: request.ResourceGroupId,
      tags: toTagFilters(request.Tag),
    }
    const page = await invocations.list(scope, filter, asked)
    return {
      ...pageFields(page, asked, pageTokens),
      Invocations: page.items.map((invocation) => entry(invocation, request.ContentEncoding)),
    }
  },
})

const entry = (invocation: Invocation, encoding: string | undefined) => ({
  CommandContent: encodeBytes(invocation.commandContent, encoding),
  InvocationStatus: invocation.status,
  InvokeStatus: invocation.legacyStatus,
  Parameters: invocation.parameters,
  CommandType: invocation.commandType,
  Timed: invocation.timed,
  CreationTime: invocation.createdAt,
  Frequency: invocation.frequency,
  CommandId: invocation.commandId,
  CommandName: invocation.commandName,
  InvokeId: invocation.invokeId,
  InvokeInstances: madeOneByOne(invocation.tasks, (task) => taskEntry(task, encoding)),
  CommandDescription: invocation.commandDescription,
  Username: invocation.username,
  Launcher: invocation.launcher,
  TerminationMode: invocation.terminationMode,
  ContainerId: invocation.containerId,
  ContainerName: invocation.containerName,
  OssOutputDelivery: invocation.outputDelivery,
  WorkingDir: invocation.workingDir,
  Timeout: invocation.timeoutSeconds,
  RepeatMode: invocation.repeatMode,
  Tags: fromTags(invocation.tags),
})

const taskEntry = (task: Task, encoding: string | undefined) => ({
  Dropped: task.dropped,
  InvocationStatus: task.status,
  InstanceId: task.instanceId,
  InstanceInvokeStatus: task.legacyStatus,
  ExitCode: task.exitCode,
  ErrorInfo: task.errorInfo,
  StartTime: task.startedAt,
  Repeats: task.repeats,
  FinishTime: task.finishedAt,
  Output: encodeBytes(task.output, encoding),
  CreationTime: task.createdAt,
  UpdateTime: task.updatedAt,
  ErrorCode: task.errorCode,
  StopTime: task.stoppedAt,
  Timed: task.timed,
  OssOutputStatus: task.delivery?.status,
  OssOutputUri: task.delivery?.uri,
  OssOutputErrorCode: task.delivery?.errorCode,
  OssOutputErrorInfo: task.delivery?.errorInfo,
})
