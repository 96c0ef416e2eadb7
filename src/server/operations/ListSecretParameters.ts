// Which secrets there are.
import { flatList, integer, optional, record, text } from '../../schema/shape.js'
import { defineOperation } from '../contract/define-operation.js'
import { dispatchFailure, pagingErrors, regionErrors } from '../contract/error-rows.js'
import { pageOf } from '../contract/paging.js'
import * as resources from '../contract/resource-ids.js'
import { secretEntry, secretName, secretNameNotValid, secretParameter } from '../contract/secret-parameters.js'
import type { Domain } from '../domain/domain.js'

const MOST = 100
const USUAL = 50

export const ListSecretParameters = defineOperation({
  name: 'ListSecretParameters',
  summary: 'Lists secrets without their values, newest first.',
  access: 'read',
  product: 'Oos',
  permission: { resources: (request) => resources.secret(request.Name) },

  request: {
    Name: optional(secretName),
    MaxResults: optional(integer('Rows in an answer.', { min: 1, max: MOST, default: USUAL })),
    NextToken: optional(text('Where the answer goes on: NextToken of the answer before.')),
  },

  response: {
    Parameters: flatList('The secrets, without their values.', record(secretParameter)),
    MaxResults: integer('Rows in an answer.'),
    TotalCount: integer('Size of the whole list.'),
    NextToken: text('Where the next answer begins; empty on the last page.'),
  },

  errors: [
    secretNameNotValid,
    ...pagingErrors.filter(({ code }) => !code.startsWith('InvalidParam.Page')),
    ...regionErrors,
    dispatchFailure,
  ],

  async handle({ request, scope, pageTokens }, { secrets }: Pick<Domain, 'secrets'>) {
    const { NextToken, MaxResults = USUAL } = request
    const asked = pageOf({ NextToken, MaxResults }, pageTokens)
    const page = await secrets.list(scope, { name: request.Name }, asked)
    return {
      Parameters: page.items.map(secretEntry),
      MaxResults,
      TotalCount: page.totalCount,
      NextToken: pageTokens.seal(page.nextCursor),
    }
  },
})
