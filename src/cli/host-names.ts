import { listAt, textAt } from './answer.js'
import { RefusedCall } from './call-failures.js'
import type { Api } from './call-operation.js'
import { batches } from './pages.js'

/** Ids in one DescribeInstances (api.md §10). */
const PER_CALL = 100

/** The same with the names of hosts that have one and were not looked up yet, as far as the caller may see hosts. */
export const withNames = async <T extends { readonly instanceId: string; readonly name: string }>(
  api: Api,
  hosts: readonly T[],
): Promise<readonly T[]> => {
  const unnamed = new Set(hosts.filter(({ name }) => name === '').map(({ instanceId }) => instanceId))
  const names = new Map<string, string>()
  for (const ids of batches([...unnamed], PER_CALL)) {
    const answer = await api
      .call('DescribeInstances', [
        ['InstanceIds', JSON.stringify(ids)],
        ['MaxResults', String(PER_CALL)],
      ])
      .catch((error: unknown) => {
        if (error instanceof RefusedCall) return {}
        throw error
      })
    for (const instance of listAt(answer, 'Instances', 'Instance'))
      names.set(textAt(instance, 'InstanceId'), textAt(instance, 'InstanceName'))
  }
  return hosts.map((host) => (host.name === '' ? { ...host, name: names.get(host.instanceId) ?? '' } : host))
}
