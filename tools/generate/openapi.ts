// The operations as an OpenAPI 3.1 document. RPC style has one path, which OpenAPI cannot tell apart by a parameter;
// each action has a path of its own whose query is part of it, and lists are marked with how they are flattened.
import type { Fields, Shape } from '../../src/schema/shape.js'
import { type ErrorRow, type Operation, productOf } from '../../src/server/contract/define-operation.js'

type Json = Readonly<Record<string, unknown>>

const described = (shape: Shape): Json => ({
  ...(shape.about === '' ? {} : { description: shape.about }),
  ...(shape.deprecated === true ? { deprecated: true } : {}),
})

const textSchema = (shape: Shape & { readonly kind: 'text' }): Json => ({
  type: 'string',
  ...described(shape),
  ...(shape.oneOf === undefined ? {} : { enum: shape.oneOf }),
  ...(shape.minLength === undefined ? {} : { minLength: shape.minLength }),
  ...(shape.maxLength === undefined ? {} : { maxLength: shape.maxLength }),
  ...(shape.pattern === undefined ? {} : { pattern: `^(?:${shape.pattern})$` }),
  ...(shape.default === undefined ? {} : { default: shape.default }),
  ...(shape.example === undefined ? {} : { examples: [shape.example] }),
  ...(shape.secret === true ? { format: 'password', writeOnly: true } : {}),
})

const integerSchema = (shape: Shape & { readonly kind: 'integer' }): Json => ({
  type: 'integer',
  format: 'int64',
  ...described(shape),
  ...(shape.min === undefined ? {} : { minimum: shape.min }),
  ...(shape.max === undefined ? {} : { maximum: shape.max }),
  ...(shape.default === undefined ? {} : { default: shape.default }),
  ...(shape.example === undefined ? {} : { examples: [shape.example] }),
})

const listSchema = (shape: Shape & { readonly kind: 'list' }, schemaOf: (shape: Shape) => Json): Json => {
  const items = {
    type: 'array',
    items: schemaOf(shape.of),
    ...(shape.min === undefined ? {} : { minItems: shape.min }),
    ...(shape.max === undefined ? {} : { maxItems: shape.max }),
  }
  if (shape.form === 'json') {
    return { type: 'string', ...described(shape), contentMediaType: 'application/json', contentSchema: items }
  }
  if (shape.form === 'wrapped') {
    return { type: 'object', ...described(shape), properties: { [shape.item]: items }, required: [shape.item] }
  }
  return { ...items, ...described(shape), ...(shape.form === 'repeated' ? { 'x-flattened': 'Name.N' } : {}) }
}

const recordSchema = (fields: Fields, schemaOf: (shape: Shape) => Json): Json => {
  const required = Object.entries(fields)
    .filter(([, shape]) => shape.optional !== true)
    .map(([name]) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(fields).map(([name, shape]) => [name, schemaOf(shape)])),
    ...(required.length === 0 ? {} : { required }),
  }
}

const schemaOf = (shape: Shape): Json => {
  switch (shape.kind) {
    case 'text':
      return textSchema(shape)
    case 'integer':
      return integerSchema(shape)
    case 'flag':
      return {
        type: 'boolean',
        ...described(shape),
        ...(shape.default === undefined ? {} : { default: shape.default }),
      }
    case 'flag-text':
      return { type: 'string', ...described(shape), enum: ['true', 'false'] }
    case 'time':
      return { type: 'string', ...described(shape), format: shape.precision === 'second' ? 'date-time' : 'x-minute' }
    case 'json-map':
      return {
        type: 'string',
        ...described(shape),
        contentMediaType: 'application/json',
        contentSchema: { type: 'object', ...(shape.max === undefined ? {} : { maxProperties: shape.max }) },
      }
    case 'list':
      return listSchema(shape, schemaOf)
    case 'record':
      return { ...recordSchema(shape.fields, schemaOf), ...described(shape) }
    default:
      return shape satisfies never
  }
}

const REGION_ID = { type: 'string', description: 'The region.', examples: ['cn-hangzhou'] }

const requestSchema = (operation: Operation): Json => {
  const { properties, required } = recordSchema(operation.request, schemaOf) as {
    readonly properties: Json
    readonly required?: readonly string[]
  }
  const names = [...(operation.regionless === true ? [] : ['RegionId']), ...(required ?? [])]
  return {
    type: 'object',
    properties: { RegionId: REGION_ID, ...properties },
    ...(names.length === 0 ? {} : { required: names }),
  }
}

/** Members that are told as "" when they have no value are always there. */
const responseSchema = (operation: Operation): Json =>
  recordSchema({ RequestId: { kind: 'text', about: 'Id of the request.' }, ...operation.response }, schemaOf)

const answersByStatus = (errors: readonly ErrorRow[]): Json => {
  const byStatus = new Map<number, ErrorRow[]>()
  for (const row of errors) {
    if (row.note === undefined) byStatus.set(row.status, [...(byStatus.get(row.status) ?? []), row])
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([one], [other]) => one - other)
      .map(([status, rows]) => [
        String(status),
        {
          description: rows.map((row) => `${row.code}: ${row.message}`).join('\n\n'),
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      ]),
  )
}

const pathOf = (operation: Operation): Json => ({
  post: {
    operationId: operation.name,
    summary: operation.summary,
    'x-access': operation.access,
    requestBody: {
      required: operation.regionless !== true,
      content: { 'application/x-www-form-urlencoded': { schema: requestSchema(operation) } },
    },
    responses: {
      '200': {
        description: 'The answer.',
        content: { 'application/json': { schema: responseSchema(operation) } },
      },
      ...answersByStatus(operation.errors),
      default: { $ref: '#/components/responses/Error' },
    },
  },
})

const ERROR = {
  type: 'object',
  properties: {
    RequestId: { type: 'string' },
    HostId: { type: 'string' },
    Code: { type: 'string' },
    Message: { type: 'string' },
    Recommend: { type: 'string' },
  },
  required: ['RequestId', 'HostId', 'Code', 'Message'],
}

/** The whole document. */
export const openApi = (operations: readonly Operation[]): string =>
  `${JSON.stringify(
    {
      openapi: '3.1.0',
      info: {
        title: 'OpenAssist',
        version: '2014-05-26',
        summary: 'The command operations of product Ecs, and the secrets of product Oos, RPC style.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: 'http://127.0.0.1:8080', description: 'The plain listener of a server on this machine.' }],
      security: [{ signature: [] }],
      paths: Object.fromEntries(
        operations.map((operation) => [
          `/?Action=${operation.name}&Version=${productOf(operation).version}`,
          pathOf(operation),
        ]),
      ),
      components: {
        securitySchemes: {
          signature: {
            type: 'apiKey',
            in: 'header',
            name: 'Authorization',
            description: 'ACS3-HMAC-SHA256 over the request, or signature version 1.0 in the parameters.',
          },
        },
        schemas: { Error: ERROR },
        responses: {
          Error: {
            description: 'What went wrong.',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
          },
        },
      },
    },
    undefined,
    2,
  )}\n`
