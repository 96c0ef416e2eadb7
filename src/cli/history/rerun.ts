import { listAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { tagParameters } from '../pages.js'
import type { RunCall } from '../running/submit.js'
import type { Invocation } from './invocations.js'

/**
 * The call that runs the same again where it failed: a kept command by its id, any other script as it is, with the same
 * parameters, user, directory, time limit, launcher, container, place for outputs and tags. `RerunOf` has the server choose the
 * hosts, and add what its answers do not tell: description, resource group, and whether placeholders are filled in. It runs
 * once, whatever schedule the first had; a dry run stays one.
 * @param rollout how hosts get their turn; empty: all at once
 */
export const rerunCall = async (
  api: Api,
  invocation: Invocation,
  rollout: FlatParameters,
  allowSecretOnDisk = false,
): Promise<RunCall> => {
  const { commandId, parameters } = invocation
  const common: FlatParameters = [
    ['RerunOf', invocation.invokeId],
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
    ...given('Parameters', parameters === '{}' ? '' : parameters),
    ...tagParameters(invocation.tags),
    ...rollout,
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
      ['CommandContent', invocation.scriptBase64],
      ...given('Name', invocation.commandName),
      ...common,
    ],
  }
}

const given = (name: string, value: string): FlatParameters => (value === '' ? [] : [[name, value]])
