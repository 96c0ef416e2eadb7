import { listAt, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { tagParameters } from '../pages.js'
import type { FileSend } from './files.js'

/**
 * What SendFile takes to send the same again where it failed. `RerunOf` has the server choose the hosts, and add what its
 * answers do not tell: the time limit, the resource group, and whether somebody asked for an owner.
 */
export const resendParameters = async (api: Api, file: FileSend): Promise<FlatParameters> => {
  const answer = await api.call('DescribeSendFileResults', [['InvokeId', file.invokeId]])
  const [found = {}] = listAt(answer, 'Invocations', 'Invocation')
  const given: FlatParameters = [
    ['FileMode', file.mode],
    ['Description', file.description],
  ]
  return [
    ['RerunOf', file.invokeId],
    ['Name', file.name],
    ['TargetDir', file.directory],
    ['ContentType', 'Base64'],
    ['Content', textAt(found, 'Content')],
    ['Overwrite', String(file.overwrite)],
    ...given.filter(([, value]) => value !== ''),
    ...tagParameters(file.tags),
  ]
}
