// The regions that are served. Tools call it to see whether a key works (api.md §13).
import { list, optional, record, text } from '../../schema/shape.js'
import { defineOperation, error, neverAnswered } from '../contract/define-operation.js'
import type { Domain } from '../domain/domain.js'

export const DescribeRegions = defineOperation({
  name: 'DescribeRegions',
  summary: 'Lists the regions that this server serves.',
  access: 'read',
  regionless: true,
  permission: { resources: () => ['*'] },

  request: {
    InstanceChargeType: optional(
      text('Without effect: nothing is charged for here.', {
        oneOf: ['PrePaid', 'PostPaid', 'SpotWithPriceLimit', 'SpotAsPriceGo'],
        default: 'PostPaid',
      }),
    ),
    ResourceType: optional(
      text('Without effect: every region has the same resources.', {
        oneOf: ['instance', 'disk', 'reservedinstance', 'scu'],
        default: 'instance',
      }),
    ),
    AcceptLanguage: optional(
      text('Without effect: the name of a region is its id, in every language.', {
        oneOf: ['zh-CN', 'zh-TW', 'en-US', 'ja', 'fr', 'de', 'ko'],
        default: 'zh-CN',
      }),
    ),
  },

  response: {
    Regions: list(
      'One entry for each region.',
      'Region',
      record({
        RegionId: text('The region.'),
        RegionEndpoint: text('Host and port that the region is reached by.'),
        LocalName: text('Name of the region: its id, a label of this installation.'),
        Status: text('Whether there is room for more.', { oneOf: ['available', 'soldOut'] }),
      }),
    ),
  },

  errors: [
    error(
      'Invalid.InstanceChargeType',
      403,
      'The specified instanceChargeType is not valid.',
      'InstanceChargeType/unknown',
    ),
    error(
      'InvalidAcceptLanguage.NotFound',
      404,
      'Only Chinese (zh-CN), English (en-US), and Japanese (ja) are allowed.',
      'AcceptLanguage/unknown',
    ),
    error(
      'InvalidResourceType.NotFound',
      404,
      'The ResourceType provided does not exist in our records.',
      'ResourceType/unknown',
    ),
    neverAnswered(
      'Unauthorized.EmptyRegion',
      403,
      'The specified account has no access authority to any region.',
      'Every account may use every region that is served.',
    ),
  ],

  async handle(_call, { regions }: Pick<Domain, 'regions'>) {
    return {
      Regions: regions.served.map((regionId) => ({
        RegionId: regionId,
        RegionEndpoint: regions.endpoint,
        LocalName: regionId,
        Status: 'available' as const,
      })),
    }
  },
})
