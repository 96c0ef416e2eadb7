import type { Pair } from '../command-line/options.js'
import type { Api, FlatParameters } from './call-operation.js'
import { type Members, textAt } from './answer.js'

/**
 * Every answer of a paged operation, by tokens (api.md §2.2). Ends at the last page, or when a token comes back twice.
 * @param tokenOf where the token of the next page is; the top of the answer, but for DescribeInvocationResults
 */
export async function* pages(
  api: Api,
  action: string,
  parameters: FlatParameters,
  maxResults: number,
  signal?: AbortSignal,
  tokenOf: (answer: Members) => string = (answer) => textAt(answer, 'NextToken'),
): AsyncGenerator<Members> {
  const seen = new Set<string>()
  for (let token = ''; ; ) {
    const paging: FlatParameters = [['MaxResults', String(maxResults)], ...(token === '' ? [] : [tokenPair(token)])]
    const answer = await api.call(action, [...parameters, ...paging], signal)
    yield answer
    token = tokenOf(answer)
    if (token === '' || seen.has(token)) return
    seen.add(token)
  }
}

const tokenPair = (token: string): readonly [string, string] => ['NextToken', token]

/** The items in groups of at most so many. */
export const batches = <T>(items: readonly T[], size: number): readonly (readonly T[])[] => {
  const groups: (readonly T[])[] = []
  for (let at = 0; at < items.length; at += size) groups.push(items.slice(at, at + size))
  return groups
}

/** `Name.1`, `Name.2`, … */
export const repeatedParameter = (name: string, values: readonly string[]): FlatParameters =>
  values.map((value, index) => [`${name}.${index + 1}`, value])

/** Tags as `Tag.N.Key` and `Tag.N.Value`. */
export const tagParameters = (tags: readonly Pair[]): FlatParameters =>
  tags.flatMap(({ name, value }, index) => [
    [`Tag.${index + 1}.Key`, name] as const,
    ...(value === undefined ? [] : [[`Tag.${index + 1}.Value`, value] as const]),
  ])
