// Whether the agent on instances can be reached, and how it is doing (api.md §3.1, design §6).
import { flag, flagText, integer, list, omitted, optional, record, repeated, text, time } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { forbiddenNotUsed, pagingErrors, regionErrors, serverErrors } from '../contract/error-rows.js'
import { pageFields, pageOf, pageRequest, pageResponseWithId, type PageTokens } from '../contract/paging.js'
import * as resources from '../contract/resource-ids.js'
import type { Domain } from '../domain/domain.js'
import type { AgentStatus } from '../domain/fleet/instances.js'
import type { Page, PageRequest } from '../domain/paging.js'

const osType = text('Operating system.', { oneOf: ['Windows', 'Linux', 'FreeBSD'] })

export const DescribeCloudAssistantStatus = defineOperation({
  name: 'DescribeCloudAssistantStatus',
  summary: 'Tells whether the agent on instances can be reached, and how it is doing.',
  access: 'read',
  permission: { resources: (request) => resources.instances(request.InstanceId) },

  request: {
    InstanceId: optional(
      repeated(
        'Instances to ask about; all of them are answered, and paging is ignored. How many is configuration, 100 by default.',
        text('An instance.', { example: 'i-bp1iudwa5b1tqa****' }),
      ),
    ),
    OSType: optional(osType),
    // The page of 2021 allowed 100 rows, today's 50; both kinds of client are served (api.md §3.1).
    ...pageRequest({ pageSize: 100, maxResults: 50 }),
  },

  response: {
    ...pageResponseWithId,
    InstanceCloudAssistantStatusSet: list(
      'One entry for each instance.',
      'InstanceCloudAssistantStatus',
      record({
        CloudAssistantVersion: text('Version of the agent; empty when none ever spoke.'),
        InstanceId: text('The instance.'),
        CloudAssistantStatus: flagText('Whether the agent was heard within the last two minutes.'),
        OSType: osType,
        InvocationCount: integer('Commands run so far.'),
        ActiveTaskCount: integer('Commands running now.'),
        LastInvokedTime: optional(time('When a command was last asked for.')),
        LastHeartbeatTime: optional(time('When the agent was last heard.')),
        SupportSessionManager: omitted(flag('Whether terminal sessions can be opened; left out when unknown.')),
      }),
    ),
  },

  errors: [
    ...pagingErrors,
    error('MissingParam.InstanceId', 400, 'The parameter instanceId is missing or empty.', [
      'InstanceId/missing',
      'InstanceId/too-few',
    ]),
    error('InstanceIds.ExceedLimit', 403, 'The number of instance IDs exceeds the upper limit.', 'InstanceId/too-many'),
    error('InvalidInstance.NotFound', 404, 'The specified instance does not exist.', 'instance/not-found'),
    forbiddenNotUsed,
    ...regionErrors,
    ...serverErrors,
  ],

  check(request, { limits }: Pick<Domain, 'instances' | 'limits'>) {
    if (request.InstanceId === undefined) return undefined
    if (!request.InstanceId.some((id) => id !== '')) return 'InstanceId/missing'
    return request.InstanceId.length > limits.instancesPerStatusQuery ? 'InstanceId/too-many' : undefined
  },

  async handle({ request, scope, pageTokens }, { instances }: Pick<Domain, 'instances' | 'limits'>) {
    if (request.InstanceId !== undefined) {
      const instanceIds = [...new Set(request.InstanceId.filter((id) => id !== ''))]
      const everything = { style: 'number', number: 1, size: instanceIds.length } as const
      const page = await instances.agentStatus(scope, { instanceIds, osType: request.OSType }, everything)
      return answer({ items: page.items, totalCount: page.totalCount }, everything, pageTokens)
    }
    const asked = pageOf(request, pageTokens)
    const page = await instances.agentStatus(scope, { osType: request.OSType }, asked)
    return answer(page, asked, pageTokens)
  },
})

/** Built without copies: of all calls this one comes most often. */
const answer = (page: Page<AgentStatus>, asked: PageRequest, pageTokens: PageTokens) => {
  const InstanceCloudAssistantStatusSet = page.items.map(entry)
  return Object.assign(pageFields(page, asked, pageTokens), { InstanceCloudAssistantStatusSet })
}

const entry = (status: AgentStatus) => ({
  CloudAssistantVersion: status.agentVersion,
  InstanceId: status.instanceId,
  CloudAssistantStatus: status.online,
  OSType: status.osType,
  InvocationCount: status.invocationCount,
  ActiveTaskCount: status.activeTaskCount,
  LastInvokedTime: status.lastInvokedAt,
  LastHeartbeatTime: status.lastHeartbeatAt,
  SupportSessionManager: status.supportsSessions,
})
