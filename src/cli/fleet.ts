import { listAt, type Members, numberAt, textAt } from './answer.js'
import type { Api, FlatParameters } from './call-operation.js'
import { FittingBatches } from './fitting-batches.js'
import { batches, pages, repeatedParameter } from './pages.js'

/**
 * `live`: beats and can be reached. `unreachable`: beats, but has no open notify socket, so that it gets work late or
 * never. `silent`: not heard from for two minutes, or never. (design §6)
 */
export const HOST_STATES = ['live', 'unreachable', 'silent'] as const
export type HostState = (typeof HOST_STATES)[number]

export interface Host {
  readonly instanceId: string
  readonly name: string
  readonly state: HostState
  readonly osType: string
  readonly agentVersion: string
  /** As the server wrote it; `''` when the host never beat. */
  readonly lastHeartbeatTime: string
  readonly lastInvokedTime: string
  readonly invocationCount: number
  readonly activeTaskCount: number
}

export interface HostFilter {
  readonly instanceIds: readonly string[]
  readonly osType: string | undefined
}

const PAGE = 50

/** Ids that DescribeManagedInstances answers for; imported ones (`i-`) it does not know. */
const isManaged = (instanceId: string): boolean => instanceId.startsWith('mi-')

/** The hosts in pages, as the server lists them, each page with what both operations know of it. */
export async function* hostPages(api: Api, filter: HostFilter, signal?: AbortSignal): AsyncGenerator<readonly Host[]> {
  for await (const statuses of statusPages(api, filter, signal)) {
    const managed = await managedById(
      api,
      statuses.map((status) => textAt(status, 'InstanceId')),
      signal,
    )
    yield statuses.map((status) => hostOf(status, managed.get(textAt(status, 'InstanceId'))))
  }
}

async function* statusPages(
  api: Api,
  { instanceIds, osType }: HostFilter,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Members[]> {
  const action = 'DescribeCloudAssistantStatus'
  const path = ['InstanceCloudAssistantStatusSet', 'InstanceCloudAssistantStatus'] as const
  const os: FlatParameters = osType === undefined ? [] : [['OSType', osType]]
  const statusesOf = (ids: readonly string[]): Promise<Members> =>
    api.call(action, [...os, ...repeatedParameter('InstanceId', ids)], signal)
  if (instanceIds.length > 0) {
    const waiting = new FittingBatches(instanceIds, PAGE)
    for (let ids = waiting.next(); ids !== undefined; ids = waiting.next()) {
      const answer = await statusesOf(ids).catch((error: unknown) => {
        if (!waiting.takeBack(ids, error)) throw error
        return undefined
      })
      if (answer !== undefined) yield listAt(answer, ...path)
    }
    return
  }
  for await (const answer of pages(api, action, os, PAGE, signal)) yield listAt(answer, ...path)
}

const managedById = async (
  api: Api,
  instanceIds: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Members>> => {
  const byId = new Map<string, Members>()
  for (const ids of batches(instanceIds.filter(isManaged), PAGE)) {
    const parameters: FlatParameters = [['MaxResults', String(PAGE)], ...repeatedParameter('InstanceId', ids)]
    const answer = await api.call('DescribeManagedInstances', parameters, signal)
    for (const instance of listAt(answer, 'Instances')) byId.set(textAt(instance, 'InstanceId'), instance)
  }
  return byId
}

const hostOf = (status: Members, managed: Members | undefined): Host => ({
  instanceId: textAt(status, 'InstanceId'),
  name: managed === undefined ? '' : textAt(managed, 'InstanceName'),
  state: stateOf(status, managed),
  osType: textAt(status, 'OSType'),
  agentVersion: textAt(status, 'CloudAssistantVersion'),
  lastHeartbeatTime: textAt(status, 'LastHeartbeatTime'),
  lastInvokedTime: textAt(status, 'LastInvokedTime'),
  invocationCount: numberAt(status, 'InvocationCount'),
  activeTaskCount: numberAt(status, 'ActiveTaskCount'),
})

/** `CloudAssistantStatus` says whether the host was heard, `Connected` whether its notify socket is open. */
const stateOf = (status: Members, managed: Members | undefined): HostState => {
  if (textAt(status, 'CloudAssistantStatus') !== 'true') return 'silent'
  return managed !== undefined && managed['Connected'] === false ? 'unreachable' : 'live'
}
