// The whole of what the server tells, page by page.
import { SCOPE, type World } from '../../src/server/domain/_support.js'
import type {
  Invocation,
  InvocationFilter,
  ResultFilter,
  TaskResult,
} from '../../src/server/domain/invocations/invocations.js'
import type { FileSend } from '../../src/server/domain/files/files.js'
import type { Page, PageRequest } from '../../src/server/domain/paging.js'

const whole = async <T>(ask: (page: PageRequest) => Promise<Page<T>>): Promise<readonly T[]> => {
  const all: T[] = []
  let cursor: string | undefined
  do {
    const page = await ask({ style: 'token', cursor, size: 100 })
    all.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return all
}

export const listInvocations = (world: World, filter: InvocationFilter): Promise<readonly Invocation[]> =>
  whole((page) => world.parts.domain.invocations.list(SCOPE, filter, page))

export const listSends = (world: World): Promise<readonly FileSend[]> =>
  whole((page) => world.parts.domain.files.results(SCOPE, {}, page))

export const listResults = (world: World, filter: ResultFilter): Promise<readonly TaskResult[]> =>
  whole((page) => world.parts.domain.invocations.results(SCOPE, filter, page))
