import type { Api, FlatParameters } from '../call-operation.js'
import { listAt } from '../answer.js'
import { tagParameters } from '../pages.js'
import { refersToSecrets, type RunCall } from '../running/submit.js'
import type { Invocation } from './invocations.js'

/**
 * The call that runs the same again: a kept command by its id, any other script as it is, with the same parameters, user,
 * directory, time limit, launcher, container, place for outputs and tags. It runs once, whatever schedule the first had; a dry run stays one.
 */
export const rerunCall = async (api: Api, invocation: Invocation, allowSecretOnDisk = false): Promise<RunCall> => {
  const { commandId, parameters } = invocation
  const hasValues = parameters !== '' && parameters !== '{}'
  const common: FlatParameters = [
    ...given('RepeatMode', invocation.repeatMode === 'DryRun' ? 'DryRun' : ''),
    ...given('Timeout', invocation.timeoutSeconds === 0 ? '' : String(invocation.timeoutSeconds)),
    ...given('WorkingDir', invocation.workingDir),
    ...given('Username', invocation.username),
    ...given('Launcher', invocation.launcher),
    ...given('TerminationMode', invocation.terminationMode),
    ...given('ContainerId', invocation.containerId),
    ...given('ContainerName', invocation.containerName),
    ...given('OssOutputDelivery', invocation.outputTo),
    ...given('AllowSecretOnDisk', allowSecretOnDisk ? 'true' : ''),
    ...(hasValues ? ([['Parameters', parameters]] as const) : []),
    ...tagParameters(invocation.tags),
  ]
  const kept = await api.call('DescribeCommands', [['CommandId', commandId]])
  if (listAt(kept, 'Commands', 'Command').length > 0) {
    return { action: 'InvokeCommand', parameters: [['CommandId', commandId], ...common] }
  }
  return {
    action: 'RunCommand',
    parameters: [
      ['Type', invocation.commandType],
      ['ContentEncoding', 'Base64'],
      ['CommandContent', Buffer.from(invocation.script).toString('base64')],
      ...given('Name', invocation.commandName),
      // An answer does not tell whether placeholders were on. With values they were, and a built-in one is meant as such.
      ...(hasValues || /\{\{\s*ACS::/i.test(invocation.script) || refersToSecrets(invocation.script)
        ? ([['EnableParameter', 'true']] as const)
        : []),
      ...common,
    ],
  }
}

const given = (name: string, value: string): FlatParameters => (value === '' ? [] : [[name, value]])
