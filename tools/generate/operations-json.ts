import { type Operation, PRODUCTS } from '../../src/server/contract/define-operation.js'

/** What the command line and the console know of the operations. Members are in wire order. */
export const operationsJson = (operations: readonly Operation[]): string =>
  `${JSON.stringify(
    {
      product: 'Ecs',
      version: '2014-05-26',
      operations: operations.map(({ name, summary, access, product, regionless, request, response, errors }) => ({
        name,
        summary,
        access,
        ...(product === undefined ? {} : { product, version: PRODUCTS[product].version }),
        ...(regionless === true ? { regionless } : {}),
        request,
        response,
        errors: errors.map(({ code, status, message, note }) => ({
          code,
          status,
          message,
          ...(note === undefined ? {} : { note }),
        })),
      })),
    },
    undefined,
    2,
  )}\n`
