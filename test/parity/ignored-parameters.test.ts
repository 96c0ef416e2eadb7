// Nothing is ignored silently: a parameter without effect says so, and is in ignored-parameters.json with a reason.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DescribeInstances } from '../../src/server/operations/DescribeInstances.js'
import { operations } from '../../src/server/operations/index.js'
import type { InventoryFilter } from '../../src/server/domain/fleet/instances.js'
import type { PageRequest } from '../../src/server/domain/paging.js'

const listed = JSON.parse(readFileSync(new URL('ignored-parameters.json', import.meta.url), 'utf8')) as readonly {
  readonly operation: string
  readonly parameter: string
  readonly reason: string
}[]

type InstancesRequest = Parameters<typeof DescribeInstances.handle>[0]['request']

/** What the operation asks the fleet for. */
const askedFor = async (request: InstancesRequest): Promise<unknown> => {
  const asked: { filter?: InventoryFilter; page?: PageRequest } = {}
  await DescribeInstances.handle(
    {
      request,
      scope: { accountId: '1', regionId: 'cn-hangzhou' },
      caller: { accountId: '1', accessKeyId: 'key', sourceAddress: '127.0.0.1' },
      repeat: undefined,
      pageTokens: { seal: (cursor) => cursor ?? '', open: (token) => token },
    },
    {
      instances: {
        inventory: async (_scope, filter, page) => {
          asked.filter = filter
          asked.page = page
          return { items: [], totalCount: 0 }
        },
        managed: () => Promise.reject(new Error('not asked')),
        agentStatus: () => Promise.reject(new Error('not asked')),
      },
    },
  )
  return asked
}

const anyValue = (name: keyof InstancesRequest): InstancesRequest => {
  const shape = DescribeInstances.request[name]
  if (shape.kind === 'flag') return { [name]: true }
  if (shape.kind === 'integer') return { [name]: 17 }
  if (shape.kind === 'text') return { [name]: 'oneOf' in shape ? shape.oneOf[1] : 'something' }
  return { [name]: shape.of.kind === 'record' ? [{ Key: 'CreationStartTime', Value: 'a' }] : ['something'] }
}

describe('parameters without effect', () => {
  it('are those that say so, and each has a reason', () => {
    const saying = operations.flatMap((operation) =>
      Object.entries(operation.request)
        .filter(([, shape]) =>
          /without effect[:;]|^Without effect|without effect on|are all there is/.test(shape.about),
        )
        .map(([parameter]) => `${operation.name} ${parameter}`),
    )
    expect(saying.sort()).toEqual(listed.map((line) => `${line.operation} ${line.parameter}`).sort())
    expect(listed.filter((line) => line.reason.trim() === '')).toEqual([])
  })

  it.each(Object.keys(DescribeInstances.request) as (keyof InstancesRequest)[])(
    'DescribeInstances acts on %s exactly when it is not listed',
    async (name) => {
      const ignored = listed.some((line) => line.operation === 'DescribeInstances' && line.parameter === name)
      const changes = JSON.stringify(await askedFor(anyValue(name))) !== JSON.stringify(await askedFor({}))
      // A dry run ends in the check, before the fleet is asked.
      expect(changes || name === 'DryRun').toBe(!ignored)
    },
  )
})
