// The kept commands of an account, and those that come with the product (api.md §4.2).
import { flag, integer, list, omitted, optional, record, text, time } from '../../schema/shape.js'
import { commandType } from '../contract/command-parameters.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { encodeBytes } from '../contract/encoded-content.js'
import {
  forbiddenNotUsed,
  internalErrorNotUsed,
  pagingErrors,
  regionErrors,
  serverErrors,
  tagErrors,
} from '../contract/error-rows.js'
import { pageFields, pageOf, pageRequest, pageResponse, requestId } from '../contract/paging.js'
import * as resources from '../contract/resource-ids.js'
import { resourceGroupId } from '../contract/run-parameters.js'
import { fromTags, tagFilter, tagsAnswer, toTagFilters } from '../contract/tag-parameters.js'
import type { Command } from '../domain/commands/commands.js'
import type { Domain } from '../domain/domain.js'

export const DescribeCommands = defineOperation({
  name: 'DescribeCommands',
  summary: 'Lists kept commands, newest first, or public ones, by name.',
  access: 'read',
  permission: { resources: (request) => resources.command(request.CommandId) },

  request: {
    CommandId: optional(text('One command.', { example: 'c-hz01272yr52****' })),
    Name: optional(
      text('Only those with this name; * at its beginning or end stands for anything.', {
        maxLength: 128,
        example: 'testName',
      }),
    ),
    Description: optional(
      text('Only those with this description; * at its beginning or end stands for anything.', {
        maxLength: 512,
        example: 'testDescription',
      }),
    ),
    Type: optional(commandType),
    Provider: optional(
      text(
        "Public commands of this provider, or whose name begins so, instead of one's own; AlibabaCloud stands for all, and so does what begins with AlibabaCloud and a dot. Name and Description are then looked for anywhere.",
        { example: 'AlibabaCloud' },
      ),
    ),
    Latest: optional(flag('Only the newest version of public commands.', { default: false })),
    ContentEncoding: optional(
      text('How CommandContent is answered.', { oneOf: ['PlainText', 'Base64'], default: 'Base64' }),
    ),
    ResourceGroupId: resourceGroupId('Only those of this resource group.'),
    Tag: tagFilter,
    ...pageRequest({ pageSize: 50, maxResults: 50 }),
  },

  // In the order of the documented example.
  response: {
    TotalCount: pageResponse.TotalCount,
    Commands: list(
      'One entry for each command.',
      'Command',
      record({
        Name: text('Name.'),
        WorkingDir: text('Directory to run in; empty for the default.'),
        CommandContent: text('The script, written as ContentEncoding asks.'),
        Timeout: integer('Seconds that the script may take.'),
        Type: commandType,
        CommandId: text('The command.'),
        Description: text('Description.'),
        EnableParameter: flag('Whether {{name}} in the script is replaced by a parameter.'),
        ParameterNames: list('Names of the parameters in the script.', 'ParameterName', text('A name.')),
        CreationTime: time('When it was made.'),
        InvokeTimes: integer('How often it was invoked.'),
        Category: optional(text('Category; of public commands.')),
        Provider: optional(text('Provider; of public commands.')),
        Version: omitted(integer('Version; of public commands.')),
        Latest: omitted(flag('Whether this is the newest version; of public commands.')),
        Launcher: text('Line that starts the script.'),
        ResourceGroupId: text('Resource group.'),
        ParameterDefinitions: omitted(
          list(
            'What the parameters are; of public commands.',
            'ParameterDefinition',
            record({
              ParameterName: text('Name.'),
              Description: text('Description.'),
              DefaultValue: text('Value when none is given.'),
              PossibleValues: list('Values that are allowed.', 'PossibleValue', text('A value.')),
              PatternRegex: text('What a value must match.'),
              Required: flag('Whether a value must be given.'),
            }),
          ),
        ),
        Tags: tagsAnswer,
      }),
    ),
    PageNumber: pageResponse.PageNumber,
    RequestId: requestId,
    PageSize: pageResponse.PageSize,
    NextToken: pageResponse.NextToken,
  },

  errors: [
    ...pagingErrors,
    ...tagErrors,
    error(
      'InvalidName.LengthLimitExceeded',
      403,
      'The length of the parameter Name exceeds the upper limit.',
      'Name/too-long',
    ),
    error(
      'InvalidDescription.LengthLimitExceeded',
      403,
      'The length of the parameter Description exceeds the upper limit.',
      'Description/too-long',
    ),
    error('InvalidCommandType.NotFound', 404, 'The specified parameter Type does not exist.', 'Type/unknown'),
    forbiddenNotUsed,
    ...regionErrors,
    internalErrorNotUsed,
    ...serverErrors,
  ],

  async handle({ request, scope, pageTokens }, { commands }: Pick<Domain, 'commands'>) {
    const asked = pageOf(request, pageTokens)
    const filter = {
      commandId: request.CommandId,
      name: request.Name,
      description: request.Description,
      type: request.Type,
      resourceGroupId: request.ResourceGroupId,
      tags: toTagFilters(request.Tag),
      provider: request.Provider,
      latest: request.Latest,
    }
    const page = await commands.list(scope, filter, asked)
    return {
      Commands: page.items.map((command) => entry(command, request.ContentEncoding)),
      ...pageFields(page, asked, pageTokens),
    }
  },
})

const entry = (command: Command, encoding: string | undefined) => ({
  Name: command.name,
  WorkingDir: command.workingDir,
  CommandContent: encodeBytes(command.content, encoding),
  Timeout: command.timeoutSeconds,
  Type: command.type,
  CommandId: command.commandId,
  Description: command.description,
  EnableParameter: command.enableParameter,
  ParameterNames: command.parameterNames,
  CreationTime: command.createdAt,
  InvokeTimes: command.invokeTimes,
  Category: command.publication?.category,
  Provider: command.publication?.provider,
  Version: command.publication?.version,
  Latest: command.publication?.isLatest,
  Launcher: command.launcher,
  ResourceGroupId: command.resourceGroupId,
  ParameterDefinitions: definitionsOf(command),
  Tags: fromTags(command.tags),
})

const definitionsOf = ({ publication }: Command) =>
  publication === undefined || publication.definitions.length === 0
    ? undefined
    : publication.definitions.map((one) => ({
        ParameterName: one.name,
        Description: one.description,
        DefaultValue: one.defaultValue,
        PossibleValues: one.possibleValues,
        PatternRegex: one.pattern,
        Required: one.required,
      }))
