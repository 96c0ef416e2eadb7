import type { Page, PageRequest } from '../domain/paging.js'
import { integer, optional, text } from '../../schema/shape.js'

/** Makes a cursor opaque, signed and bound to the filters that it was made for. */
export interface PageTokens {
  /** The text of `NextToken`, or '' without a cursor. */
  seal(cursor: string | undefined): string
  /** The cursor in a token. Fault: `page-token/malformed`, also for a token made for other filters. */
  open(token: string): string
}

/** The members of paging by token: once one of them is sent, page numbers are not even looked at (api.md §2.2). */
const BY_TOKEN = ['MaxResults', 'NextToken'] as const

interface PageLimits {
  readonly pageSize: number
  readonly maxResults: number
  /** Page numbers are not announced for removal here. */
  readonly numbersStay?: true
}

/** Both paging styles of the vendor (api.md §2.2): page numbers, and tokens. */
export const pageRequest = ({ pageSize, maxResults, numbersStay }: PageLimits) => ({
  PageNumber: optional(
    integer('Page to answer, from 1; ignored once MaxResults or NextToken is sent.', {
      min: 1,
      default: 1,
      ...(numbersStay === true ? {} : { deprecated: true as const }),
      ignoredWith: BY_TOKEN,
    }),
  ),
  PageSize: optional(
    integer('Rows in a page; ignored once MaxResults or NextToken is sent.', {
      min: 1,
      max: pageSize,
      default: 10,
      ...(numbersStay === true ? {} : { deprecated: true as const }),
      ignoredWith: BY_TOKEN,
    }),
  ),
  MaxResults: optional(integer('Rows in an answer.', { min: 1, max: maxResults, default: 10 })),
  NextToken: optional(text('Where the answer goes on: NextToken of the answer before.')),
})

export const pageResponse = {
  TotalCount: integer('Size of the whole filtered list.'),
  PageSize: optional(integer('Rows in a page.')),
  PageNumber: optional(integer('The page.')),
  NextToken: optional(text('Where the next answer begins; empty on the last page.')),
}

/** Where an answer tells its RequestId; the door fills it in. First, when an answer does not declare it. */
export const requestId = optional(text('Id of the request.'))

/** The paging members of an answer in the order of the documented examples. */
export const pageResponseWithId = {
  TotalCount: pageResponse.TotalCount,
  RequestId: requestId,
  PageSize: pageResponse.PageSize,
  PageNumber: pageResponse.PageNumber,
  NextToken: pageResponse.NextToken,
}

interface PagedRequest {
  readonly PageNumber?: number | undefined
  readonly PageSize?: number | undefined
  readonly MaxResults?: number | undefined
  readonly NextToken?: string | undefined
}

/** Which page is asked for. Page numbers are not there when MaxResults or NextToken is (`ignoredWith`). */
export const pageOf = (request: PagedRequest, tokens: PageTokens): PageRequest =>
  request.MaxResults !== undefined || request.NextToken !== undefined
    ? {
        style: 'token',
        cursor: request.NextToken === undefined ? undefined : tokens.open(request.NextToken),
        size: request.MaxResults ?? 10,
      }
    : { style: 'number', number: request.PageNumber ?? 1, size: request.PageSize ?? 10 }

/** The paging members of an answer. */
export const pageFields = <T>(page: Page<T>, asked: PageRequest, tokens: PageTokens) => {
  const NextToken = tokens.seal(page.nextCursor)
  return asked.style === 'number'
    ? { NextToken, PageNumber: asked.number, PageSize: asked.size, TotalCount: page.totalCount }
    : { NextToken, TotalCount: page.totalCount }
}
