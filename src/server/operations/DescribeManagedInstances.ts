// The hosts that registered (api.md §10).
import { flag, flatList, integer, optional, record, repeated, text, time } from '../../schema/shape.js'
import { defineOperation } from '../contract/define-operation.js'
import { dispatchFailure, forbiddenNotUsed, pagingErrors, regionErrors, tagErrors } from '../contract/error-rows.js'
import { pageFields, pageOf, pageRequest, pageResponseWithId } from '../contract/paging.js'
import * as resources from '../contract/resource-ids.js'
import { resourceGroupId } from '../contract/run-parameters.js'
import { flatTagsAnswer, fromTags, tagFilter, toTagFilters } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'
import type { ManagedInstance } from '../domain/fleet/instances.js'

// Upstream: two of the three are written in lower case here and nowhere else (api.md §10).
const OS_TYPES = { windows: 'Windows', linux: 'Linux', FreeBSD: 'FreeBSD' } as const

export const DescribeManagedInstances = defineOperation({
  name: 'DescribeManagedInstances',
  summary: 'Lists the hosts that registered with an activation.',
  access: 'read',
  permission: { resources: (request) => resources.instances(request.InstanceId) },

  request: {
    InstanceId: optional(
      repeated('Only these; one that is not there is not answered.', text('A managed instance.'), { max: 50 }),
    ),
    InstanceName: optional(
      text('Only those with this name; * stands for anything.', { maxLength: 256, example: 'my-webapp-server' }),
    ),
    InstanceIp: optional(text('Only those with this private or public address.', { example: '192.168.0.1' })),
    OsType: optional(text('Only those with this operating system.', { oneOf: ['windows', 'linux', 'FreeBSD'] })),
    ActivationId: optional(text('Only those that registered with this activation.')),
    MachineId: optional(text('Only the one with this machine id.', { maxLength: 36 })),
    Connected: optional(
      text('Only those whose agent is online, or only those whose agent is not.', { oneOf: ['true', 'false'] }),
    ),
    ResourceGroupId: resourceGroupId('Only those of this resource group.'),
    Tag: tagFilter,
    ...pageRequest({ pageSize: 50, maxResults: 50 }),
  },

  response: {
    Instances: flatList(
      'One entry for each instance.',
      record({
        MachineId: text('What tells this machine from others.'),
        InstanceId: text('The instance.'),
        AgentVersion: text('Version of the agent.'),
        Connected: flag('Whether the agent is online.'),
        InvocationCount: integer('Commands run so far.'),
        OsVersion: text('Version of the operating system.'),
        ActivationId: text('The activation it registered with.'),
        Hostname: text('Name that the host gives itself.'),
        RegistrationTime: time('When it registered.'),
        IntranetIp: text('Private address.'),
        InstanceName: text('Name of the instance.'),
        InternetIp: text('Public address.'),
        OsType: text('Operating system.'),
        LastInvokedTime: optional(time('When a command was last asked for.')),
        ResourceGroupId: text('Resource group.'),
        Tags: flatTagsAnswer,
      }),
    ),
    ...pageResponseWithId,
  },

  errors: [...pagingErrors, ...tagErrors, forbiddenNotUsed, ...regionErrors, dispatchFailure],

  async handle({ request, scope, pageTokens }, { instances }: Pick<Domain, 'instances'>) {
    const asked = pageOf(request, pageTokens)
    const ids = request.InstanceId?.filter((id) => id !== '')
    const filter = {
      instanceIds: ids !== undefined && ids.length > 0 ? [...new Set(ids)] : undefined,
      instanceName: request.InstanceName,
      ip: request.InstanceIp,
      osType: request.OsType === undefined ? undefined : OS_TYPES[request.OsType],
      activationId: request.ActivationId,
      machineId: request.MachineId,
      online: request.Connected === undefined ? undefined : request.Connected === 'true',
      resourceGroupId: request.ResourceGroupId,
      tags: toTagFilters(request.Tag),
    }
    const page = await instances.managed(scope, filter, asked)
    return { Instances: page.items.map(entry), ...pageFields(page, asked, pageTokens) }
  },
})

const entry = (instance: ManagedInstance) => ({
  MachineId: instance.machineId,
  InstanceId: instance.instanceId,
  AgentVersion: instance.agentVersion,
  Connected: instance.online,
  InvocationCount: instance.invocationCount,
  OsVersion: instance.osVersion,
  ActivationId: instance.activationId,
  Hostname: instance.hostname,
  RegistrationTime: instance.registeredAt,
  IntranetIp: instance.intranetIp,
  InstanceName: instance.instanceName,
  InternetIp: instance.internetIp,
  OsType: instance.osType,
  LastInvokedTime: instance.lastInvokedAt,
  ResourceGroupId: instance.resourceGroupId,
  Tags: fromTags(instance.tags),
})
