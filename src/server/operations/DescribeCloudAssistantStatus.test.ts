import { describe, expect, it } from 'vitest'
import type { AgentStatusFilter } from '../domain/fleet/instances.js'
import type { PageRequest } from '../domain/paging.js'
import { DescribeCloudAssistantStatus } from './DescribeCloudAssistantStatus.js'

type Request = Parameters<typeof DescribeCloudAssistantStatus.handle>[0]['request']

const fleet = (size: number) => {
  const asked: { filter?: AgentStatusFilter; page?: PageRequest } = {}
  const never = () => Promise.reject(new Error('not asked'))
  return {
    asked,
    limits: {
      instancesPerInvocation: 100,
      instancesPerRollout: 10_000,
      instancesPerFileSend: 50,
      instancesPerStatusQuery: 2,
    },
    instances: {
      managed: never,
      inventory: never,
      async agentStatus(_scope: unknown, filter: AgentStatusFilter, page: PageRequest) {
        asked.filter = filter
        asked.page = page
        return { items: [], totalCount: size, nextCursor: 'more' }
      },
    },
  }
}

const ask = async (request: Request, size = 7) => {
  const domain = fleet(size)
  const answer = await DescribeCloudAssistantStatus.handle(
    {
      request,
      scope: { accountId: '1', regionId: 'cn-hangzhou' },
      caller: { accountId: '1', accessKeyId: 'key', sourceAddress: '127.0.0.1' },
      repeat: undefined,
      pageTokens: { seal: (cursor) => cursor ?? '', open: (token) => `opened ${token}` },
    },
    domain,
  )
  return { answer, asked: domain.asked }
}

describe('the status of named instances', () => {
  it('is one page of that many, whatever paging was asked for', async () => {
    const { answer, asked } = await ask({ InstanceId: ['i-1', 'i-2'], PageNumber: 9, NextToken: 'broken' }, 2)
    expect(asked.filter?.instanceIds).toEqual(['i-1', 'i-2'])
    expect(answer).toMatchObject({ PageNumber: 1, PageSize: 2, TotalCount: 2, NextToken: '' })
  })

  it('counts an instance that is named twice once', async () => {
    const { answer } = await ask({ InstanceId: ['i-1', 'i-1'] }, 1)
    expect(answer.PageSize).toBe(1)
  })

  it('has the limit of the configuration', () => {
    const check = (ids: string[]) => DescribeCloudAssistantStatus.check?.({ InstanceId: ids }, fleet(0))
    expect(check(['i-1', 'i-2'])).toBeUndefined()
    expect(check(['i-1', 'i-2', 'i-3'])).toBe('InstanceId/too-many')
    expect(check([''])).toBe('InstanceId/missing')
    expect(check([])).toBe('InstanceId/missing')
  })
})

describe('the status of a fleet', () => {
  it('is paged by number for clients of 2021', async () => {
    const { answer, asked } = await ask({ PageNumber: 3, PageSize: 100, OSType: 'Linux' })
    expect(asked.page).toEqual({ style: 'number', number: 3, size: 100 })
    expect(asked.filter).toEqual({ osType: 'Linux' })
    expect(answer).toMatchObject({ PageNumber: 3, PageSize: 100, TotalCount: 7, NextToken: 'more' })
  })

  it('is paged by token for clients of today, and then page numbers do not count', async () => {
    const { answer, asked } = await ask({ NextToken: 'abc', MaxResults: 50, PageNumber: 3 })
    expect(asked.page).toEqual({ style: 'token', cursor: 'opened abc', size: 50 })
    expect(answer).not.toHaveProperty('PageNumber')
  })
})
