// What a fleet honestly knows of its hosts (api.md §13). Parameters about what no fleet knows are checked as documented
// and have no effect; test/parity/ignored-parameters.json lists them.
import { flag, integer, jsonList, list, omitted, optional, record, repeated, text, time } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { dispatchFailure, regionErrors } from '../contract/error-rows.js'
import { pageFields, pageOf, pageRequest, pageResponseWithId } from '../contract/paging.js'
import * as resources from '../contract/resource-ids.js'
import { resourceGroupId } from '../contract/run-parameters.js'
import { fromTags, tagsAnswer, toTagFilters } from '../contract/tag-parameters.js'
import type { Domain } from '../domain/domain.js'
import type { InventoryInstance } from '../domain/fleet/instances.js'

const ignored = (of: string): string => `Checked, and without effect: a fleet does not know ${of}.`
const addresses = (about: string) => optional(jsonList(about, text('An address.'), { max: 100 }))
const STATES = ['Pending', 'Running', 'Starting', 'Stopping', 'Stopped'] as const
// Upstream: lower case here, unlike the status of the agent (api.md §13). FreeBSD has no word there; it is no Linux.
const OS_TYPES = { Windows: 'windows', Linux: 'linux', FreeBSD: 'freebsd' } as const

export const DescribeInstances = defineOperation({
  name: 'DescribeInstances',
  summary: 'Lists instances with what is known of them.',
  access: 'read',
  permission: { resources: (request) => resources.instances(request.InstanceIds) },

  request: {
    InstanceIds: optional(
      jsonList('Only these, as a JSON array; one that is not there is not answered.', text('An instance.'), {
        max: 100,
      }),
    ),
    InstanceName: optional(
      text('Only those with this name; * stands for anything.', { maxLength: 256, example: 'Test' }),
    ),
    Status: optional(text('Only those in this state.', { oneOf: STATES })),
    PrivateIpAddresses: addresses('Only those with one of these private addresses, as a JSON array.'),
    PublicIpAddresses: addresses('Only those with one of these public addresses, as a JSON array.'),
    ResourceGroupId: resourceGroupId('Only those of this resource group.'),
    Tag: optional(
      repeated(
        'Only those that carry all of these tags; without a value any value matches.',
        record({
          Key: text('Key.', { minLength: 1, maxLength: 128, example: 'TestKey' }),
          Value: optional(text('Value.', { maxLength: 128, example: 'TestValue' })),
        }),
        { max: 20 },
      ),
    ),
    DryRun: optional(
      flag('Whether the request is only checked; success is the error DryRunOperation.', { default: false }),
    ),

    AdditionalAttributes: optional(
      repeated(
        'Checked, and without effect: there are no further attributes.',
        text('An attribute.', { oneOf: ['META_OPTIONS', 'DDH_CLUSTER', 'NETWORK_PRIMARY_ENI_IP'] }),
        { max: 20 },
      ),
    ),
    DeviceAvailable: optional(flag(ignored('disks'))),
    EipAddresses: addresses(ignored('elastic addresses')),
    Filter: optional(
      repeated(
        ignored('when an instance was bought or ends'),
        record({
          Key: text('What to filter by.', {
            oneOf: ['CreationStartTime', 'CreationEndTime', 'ExpiredStartTime', 'ExpiredEndTime'],
          }),
          Value: optional(text('A time.', { example: '2017-12-05T22:40Z' })),
        }),
        { max: 4 },
      ),
    ),
    HpcClusterId: optional(text(ignored('clusters'))),
    HttpEndpoint: optional(text(ignored('metadata services'), { oneOf: ['enabled', 'disabled'] })),
    HttpPutResponseHopLimit: optional(integer(ignored('metadata services'))),
    HttpTokens: optional(text(ignored('metadata services'), { oneOf: ['optional', 'required'] })),
    ImageId: optional(text(ignored('images'))),
    InnerIpAddresses: addresses(ignored('classic networks')),
    InstanceChargeType: optional(text(ignored('charges'), { oneOf: ['PostPaid', 'PrePaid'] })),
    InstanceNetworkType: optional(text(ignored('kinds of networks'), { oneOf: ['vpc', 'classic'] })),
    InstanceType: optional(text(ignored('instance types'))),
    InstanceTypeFamily: optional(text(ignored('instance types'))),
    InternetChargeType: optional(text(ignored('charges'), { oneOf: ['PayByBandwidth', 'PayByTraffic'] })),
    IoOptimized: optional(flag(ignored('disks'))),
    Ipv6Address: optional(repeated(ignored('further addresses'), text('An address.'))),
    KeyPairName: optional(text(ignored('key pairs'))),
    LockReason: optional(
      text(ignored('locks'), {
        oneOf: ['financial', 'security', 'Recycling', 'dedicatedhostfinancial', 'refunded'],
      }),
    ),
    NeedSaleCycle: optional(flag(ignored('charges'))),
    RdmaIpAddresses: optional(text(ignored('further addresses'))),
    SecurityGroupId: optional(text(ignored('security groups'))),
    VSwitchId: optional(text(ignored('virtual networks'))),
    VpcId: optional(text(ignored('virtual networks'))),
    ZoneId: optional(text(ignored('zones'))),

    ...pageRequest({ pageSize: 100, maxResults: 100 }),
    // Upstream: below 10 counts as 10, above 100 as 100 (api.md §2.2).
    MaxResults: optional(integer('Rows in an answer: 10 to 100; outside it the nearest of both.', { default: 10 })),
  },

  response: {
    Instances: list(
      'One entry for each instance.',
      'Instance',
      record({
        ResourceGroupId: text('Resource group.'),
        Memory: omitted(integer('Memory in MiB; left out when unknown.')),
        Cpu: omitted(integer('Processors; left out when unknown.')),
        OSName: text('Operating system in words.'),
        HostName: text('Name that the host gives itself.'),
        Tags: tagsAnswer,
        Status: text('Running while the agent is online, else Stopped.', { oneOf: STATES }),
        InstanceId: text('The instance.'),
        StartTime: optional(time('When the host booted.', 'minute')),
        VpcAttributes: record(
          { PrivateIpAddress: list('Private addresses.', 'IpAddress', text('An address.')) },
          'Private network.',
        ),
        InstanceName: text('Name of the instance.'),
        SerialNumber: optional(text('Serial number; empty when unknown.')),
        OSType: text('Operating system.', { oneOf: ['windows', 'linux', 'freebsd'] }),
        CreationTime: time('When it registered or was imported.', 'minute'),
        Description: text('Description.'),
        PublicIpAddress: list('Public addresses.', 'IpAddress', text('An address.')),
        NetworkInterfaces: list(
          'Network interfaces.',
          'NetworkInterface',
          record({
            Type: text('Kind of interface.'),
            PrimaryIpAddress: text('Its first address.'),
            MacAddress: optional(text('Hardware address; empty when unknown.')),
            PrivateIpSets: list(
              'Its private addresses.',
              'PrivateIpSet',
              record({
                PrivateIpAddress: text('An address.'),
                Primary: flag('Whether it is the first.'),
              }),
            ),
          }),
        ),
        OSNameEn: text('Operating system in English words.'),
        ZoneId: optional(text('Zone; empty: a region has no zones here.')),
        RegionId: text('The region.'),
      }),
    ),
    ...pageResponseWithId,
  },

  errors: [
    error('InvalidParameter', 400, 'The specified parameters are not valid', [
      'InstanceIds/malformed',
      'InstanceIds/too-many',
      'PrivateIpAddresses/malformed',
      'PrivateIpAddresses/too-many',
      'PublicIpAddresses/malformed',
      'PublicIpAddresses/too-many',
      'EipAddresses/malformed',
      'EipAddresses/too-many',
      'InnerIpAddresses/malformed',
      'InnerIpAddresses/too-many',
    ]),
    error('InvalidStatus.NotFound', 404, 'The specified Status is not found', 'Status/unknown'),
    error('InvalidTag.Mismatch', 400, 'The specified Tag.n.Key and Tag.n.Value are not match.', 'Tag.Key/missing'),
    error('InvalidTagCount', 400, 'The specified tags are beyond the permitted range.', 'Tag/too-many'),
    error('InvalidFilterKey.NotFound', 404, '', ['Filter.Key/unknown', 'Filter.Key/missing']),
    error(
      'InvalidInstanceChargeType.NotFound',
      404,
      'The InstanceChargeType does not exist in our records.',
      'InstanceChargeType/unknown',
    ),
    error(
      'InvalidInternetChargeType.ValueNotSupported',
      404,
      'The specified InternetChargeType is not valid',
      'InternetChargeType/unknown',
    ),
    error('InvalidLockReason.NotFound', 404, 'The specified LockReason is not found', 'LockReason/unknown'),
    error(
      'InvalidNetworkType.NotFound',
      404,
      'The specified InstanceNetworkType is not found',
      'InstanceNetworkType/unknown',
    ),
    // Upstream: that a dry run would succeed is told as an error (api.md §13).
    error('DryRunOperation', 400, 'Request validation has been passed with DryRun flag set.', 'DryRun/conflict'),
    ...regionErrors,
    dispatchFailure,
  ],

  check: (request) => (request.DryRun === true ? 'DryRun/conflict' : undefined),

  async handle({ request, scope, pageTokens }, { instances }: Pick<Domain, 'instances'>) {
    const rows = Math.min(100, Math.max(10, request.MaxResults ?? 10))
    const asked = pageOf({ ...request, MaxResults: request.MaxResults === undefined ? undefined : rows }, pageTokens)
    // Upstream: an empty array is a filter that nothing passes.
    if (request.InstanceIds?.length === 0) {
      return { Instances: [], ...pageFields({ items: [], totalCount: 0 }, asked, pageTokens) }
    }
    const filter = {
      instanceIds: request.InstanceIds,
      instanceName: request.InstanceName,
      status: request.Status,
      privateIps: request.PrivateIpAddresses,
      publicIps: request.PublicIpAddresses,
      resourceGroupId: request.ResourceGroupId,
      tags: toTagFilters(request.Tag),
    }
    const page = await instances.inventory(scope, filter, asked)
    return { Instances: page.items.map(entry), ...pageFields(page, asked, pageTokens) }
  },
})

const known = (address: string): readonly string[] => (address === '' ? [] : [address])

const entry = (instance: InventoryInstance) => ({
  ResourceGroupId: instance.resourceGroupId,
  OSName: instance.osVersion,
  HostName: instance.hostname,
  Tags: fromTags(instance.tags),
  Status: instance.status,
  InstanceId: instance.instanceId,
  StartTime: instance.startedAt,
  VpcAttributes: { PrivateIpAddress: known(instance.intranetIp) },
  InstanceName: instance.instanceName,
  OSType: OS_TYPES[instance.osType],
  CreationTime: instance.registeredAt,
  Description: instance.description,
  PublicIpAddress: known(instance.internetIp),
  NetworkInterfaces: known(instance.intranetIp).map((address) => ({
    Type: 'Primary',
    PrimaryIpAddress: address,
    PrivateIpSets: [{ PrivateIpAddress: address, Primary: true }],
  })),
  OSNameEn: instance.osVersion,
  RegionId: instance.regionId,
})
