import { CommandFailure } from '../../command-line/failures.js'
import { escapeControl } from '../../command-line/escape-control.js'
import type { Pair } from '../../command-line/options.js'
import { listAt, type Members, membersAt, numberAt, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { pages } from '../pages.js'

/** A kept command, in the words of the API (api.md §4). */
export interface Command {
  readonly commandId: string
  readonly name: string
  readonly description: string
  readonly type: string
  /** To be shown: bytes that are no UTF-8 are lost in it. */
  readonly script: string
  /** The same as the server told it, in Base64: to the byte. */
  readonly scriptBase64: string
  readonly workingDir: string
  readonly timeoutSeconds: number
  readonly launcher: string
  readonly enableParameter: boolean
  readonly parameterNames: readonly string[]
  readonly invokeTimes: number
  readonly creationTime: string
  readonly tags: readonly Pair[]
  /** Of one that comes with the server. */
  readonly provider: string
  readonly version: number
  readonly parameters: readonly CommandParameter[]
}

/** What a public command says of a parameter. */
export interface CommandParameter {
  readonly name: string
  readonly description: string
  readonly default: string
  readonly possible: readonly string[]
  readonly required: boolean
}

const PAGE = 50

/** The kept commands, newest first. */
export const listCommands = async (
  api: Api,
  parameters: FlatParameters,
  onRead: (done: number, total: number) => void,
): Promise<readonly Command[]> => {
  const found: Command[] = []
  for await (const answer of pages(api, 'DescribeCommands', parameters, PAGE)) {
    found.push(...listAt(answer, 'Commands', 'Command').map(commandOf))
    const total = numberAt(answer, 'TotalCount')
    if (found.length < total) onRead(found.length, total)
  }
  return found
}

/** All public commands in their newest versions. */
export const PUBLIC: FlatParameters = [
  ['Provider', 'AlibabaCloud'],
  ['Latest', 'true'],
]

/** By its id, a public one by its name, or an own one by a name that no other has. @throws CommandFailure when there is none */
export const getCommand = async (api: Api, idOrName: string): Promise<Command> => {
  const answer = await api.call('DescribeCommands', [['CommandId', idOrName]])
  const [byId] = listAt(answer, 'Commands', 'Command')
  if (byId !== undefined) return commandOf(byId)
  const [published] = await named(api, idOrName, PUBLIC)
  if (published !== undefined) return commandOf(published)
  const own = await named(api, idOrName, [])
  const [only, ...others] = own
  if (only !== undefined && others.length === 0) return commandOf(only)
  if (only !== undefined)
    throw new CommandFailure(`several commands have the name ${escapeControl(idOrName)}: give the id of one.`, {
      advice: own.map((one) => escapeControl(`${textAt(one, 'CommandId')}, made ${textAt(one, 'CreationTime')}`)),
    })
  throw new CommandFailure(`there is no command ${escapeControl(idOrName)}.`, {
    advice: [
      'Those that there are: openassist commands list',
      'And with the server come: openassist commands list --public',
    ],
  })
}

/** Those with exactly this name: the API takes parts of names, too. */
const named = async (api: Api, name: string, parameters: FlatParameters): Promise<readonly Members[]> => {
  const found: Members[] = []
  for await (const answer of pages(api, 'DescribeCommands', [...parameters, ['Name', name]], PAGE))
    found.push(...listAt(answer, 'Commands', 'Command').filter((one) => textAt(one, 'Name') === name))
  return found
}

const commandOf = (from: Members): Command => {
  const names = membersAt(from, 'ParameterNames')['ParameterName']
  return {
    commandId: textAt(from, 'CommandId'),
    name: textAt(from, 'Name'),
    description: textAt(from, 'Description'),
    type: textAt(from, 'Type'),
    script: Buffer.from(textAt(from, 'CommandContent'), 'base64').toString('utf8'),
    scriptBase64: textAt(from, 'CommandContent'),
    workingDir: textAt(from, 'WorkingDir'),
    timeoutSeconds: numberAt(from, 'Timeout'),
    launcher: textAt(from, 'Launcher'),
    enableParameter: from['EnableParameter'] === true,
    parameterNames: Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [],
    invokeTimes: numberAt(from, 'InvokeTimes'),
    creationTime: textAt(from, 'CreationTime'),
    tags: listAt(from, 'Tags', 'Tag').map((tag) => ({ name: textAt(tag, 'TagKey'), value: textAt(tag, 'TagValue') })),
    provider: textAt(from, 'Provider'),
    version: numberAt(from, 'Version'),
    parameters: listAt(from, 'ParameterDefinitions', 'ParameterDefinition').map((one) => {
      const possible = membersAt(one, 'PossibleValues')['PossibleValue']
      return {
        name: textAt(one, 'ParameterName'),
        description: textAt(one, 'Description'),
        default: textAt(one, 'DefaultValue'),
        possible: Array.isArray(possible) ? possible.filter((value) => typeof value === 'string') : [],
        required: one['Required'] === true,
      }
    }),
  }
}
