// docs/reference/: a page for each operation, made of its declaration and its conformance cases.
import type { Fields, Shape } from '../../src/schema/shape.js'
import { GATEWAY_ERRORS, missing } from '../../src/server/contract/common-errors.js'
import { type ErrorRow, type Operation, productOf } from '../../src/server/contract/define-operation.js'
import type { Example } from './examples.js'

const MADE = '<!-- Made by tools/generate.ts; edit the declaration in src/server/operations/ instead. -->'

const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\n/g, ' ')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))].map((row) => `| ${row.join(' | ')} |`).join('\n')

const code = (text: string): string => `\`${text}\``

const range = (low: number | undefined, high: number | undefined, what: string): string | undefined => {
  if (low === undefined) return high === undefined ? undefined : `at most ${high}${what}`
  return high === undefined ? `at least ${low}${what}` : `${low} to ${high}${what}`
}

const limitsOf = (shape: Shape): string => {
  const limits: (string | undefined)[] = []
  if (shape.kind === 'text') {
    if (shape.oneOf !== undefined) limits.push(shape.oneOf.map(code).join(', '))
    limits.push(range(shape.minLength, shape.maxLength, shape.lengthIn === 'bytes' ? ' bytes' : ' characters'))
  }
  if (shape.kind === 'integer') limits.push(range(shape.min, shape.max, ''))
  if (shape.kind === 'list') limits.push(range(shape.min, shape.max, ' of them'))
  if (shape.kind === 'json-map') limits.push(range(undefined, shape.max, ' entries'))
  if ('default' in shape && shape.default !== undefined) limits.push(`default ${code(String(shape.default))}`)
  if (shape.deprecated === true) limits.push('deprecated')
  return limits.filter((limit) => limit !== undefined).join('; ')
}

const requestType = (shape: Shape): string => {
  switch (shape.kind) {
    case 'integer':
      return 'integer'
    case 'flag':
      return 'boolean'
    case 'json-map':
      return 'JSON object'
    case 'list':
      return shape.form === 'json' ? 'JSON array' : requestType(shape.of)
    default:
      return 'text'
  }
}

const parameterRows = (fields: Fields, prefix = ''): string[][] =>
  Object.entries(fields).flatMap(([name, shape]): string[][] => {
    const full = prefix + name
    if (shape.kind === 'list' && shape.form === 'repeated') {
      if (shape.of.kind !== 'record') return [parameterRow(`${full}.N`, shape)]
      const limits = limitsOf(shape)
      return [[code(`${full}.N`), 'list', '', limits, shape.about], ...parameterRows(shape.of.fields, `${full}.N.`)]
    }
    return [parameterRow(full, shape)]
  })

const parameterRow = (name: string, shape: Shape): string[] => [
  code(name),
  requestType(shape),
  shape.optional === true ? '' : 'yes',
  shape.kind === 'list' && shape.form === 'repeated' ? limitsOf(shape) || limitsOf(shape.of) : limitsOf(shape),
  shape.about,
]

const responseType = (shape: Shape): string => {
  switch (shape.kind) {
    case 'integer':
      return 'integer'
    case 'flag':
      return 'boolean'
    case 'flag-text':
      return '`"true"` or `"false"`'
    case 'time':
      return shape.precision === 'second' ? 'time' : 'time, to the minute'
    case 'record':
      return 'object'
    case 'list':
      return 'list'
    default:
      return 'text'
  }
}

const memberRows = (fields: Fields, prefix = ''): string[][] =>
  Object.entries(fields).flatMap(([name, shape]): string[][] => {
    const list = shape.kind === 'list'
    const path = list ? `${prefix}${name}${shape.form === 'flat' ? '' : `.${shape.item}`}[]` : prefix + name
    const about =
      shape.kind === 'text' && shape.oneOf ? `${shape.about} ${shape.oneOf.map(code).join(', ')}.` : shape.about
    const row = [code(path), responseType(list && shape.of.kind !== 'record' ? shape.of : shape), about]
    const inner = list ? shape.of : shape
    return inner.kind === 'record' ? [row, ...memberRows(inner.fields, `${path}.`)] : [row]
  })

const errorTable = (rows: readonly ErrorRow[]): string =>
  table(
    ['Status', 'Code', 'Message'],
    [...rows]
      .sort((one, other) => one.status - other.status || (one.code < other.code ? -1 : Number(one.code > other.code)))
      .map((row) => [String(row.status), code(row.code), row.message]),
  )

const exampleText = (operation: Operation, { title, parameters, status, body }: Example): string => {
  const sent = [['Action', operation.name], ...Object.entries(parameters)].map((pair) => pair.join('=')).join('\n&')
  return [
    `### ${title}`,
    `\`\`\`text\n${sent}\n\`\`\``,
    `${status === 200 ? 'Answer' : `Answer, status ${status}`}:`,
    `\`\`\`json\n${JSON.stringify(body, undefined, 2)}\n\`\`\``,
  ].join('\n\n')
}

const permissionText = (operation: Operation): string => {
  const { permissions, version } = productOf(operation)
  const own = operation.product === undefined ? '' : `Product ${code(operation.product)}, version ${code(version)}. `
  const resources = operation.permission
    .resources({} as never)
    .map((id) => code(`acs:${permissions}:{region}:{account}:${id}`))
  return `${own}Permission: ${code(`${permissions}:${operation.name}`)} on ${resources.join(' and ')}; on single ones where the request names them.`
}

/** The page of one operation. */
export const referencePage = (operation: Operation, examples: readonly Example[]): string => {
  const region = operation.regionless === true ? [] : [[code('RegionId'), 'text', 'yes', '', 'The region.']]
  const parameters = [...region, ...parameterRows(operation.request)]
  const answered = operation.errors.filter((row) => row.note === undefined)
  const never = operation.errors.filter((row) => row.note !== undefined)
  const members = memberRows({ RequestId: { kind: 'text', about: 'Id of the request.' }, ...operation.response })
  return `${[
    MADE,
    `# ${operation.name}`,
    operation.summary,
    `${operation.access === 'read' ? 'Reads only.' : 'Changes something.'} ${permissionText(operation)}`,
    '## Parameters',
    table(['Parameter', 'Type', 'Required', 'Limits', 'What it is'], parameters),
    '## Answer',
    table(['Member', 'Type', 'What it is'], members),
    '## Errors',
    `Besides the [common ones](common-errors.md):`,
    errorTable(answered),
    ...(never.length === 0
      ? []
      : [
          'Documented by the vendor, and never answered by this server:',
          table(
            ['Status', 'Code', 'Why not'],
            never.map((row) => [String(row.status), code(row.code), row.note ?? '']),
          ),
        ]),
    ...(examples.length === 0 ? [] : ['## Examples', ...examples.map((example) => exampleText(operation, example))]),
  ].join('\n\n')}\n`
}

/** The list of operations. */
export const indexPage = (operations: readonly Operation[]): string =>
  `${[
    MADE,
    '# Operations',
    "Product `Ecs`, version `2014-05-26`, RPC style: GET or POST `/`, parameters in the query, in a form body, or in both. How requests are signed is in the documentation of the vendor's clients; they do it unmodified. Secrets are of product `Oos`, version `2019-06-01`, at the same address.",
    table(
      ['Operation', 'Access', 'What it does'],
      operations.map(({ name, access, summary }) => [`[${name}](${name}.md)`, access, summary]),
    ),
    'See also [errors that every operation can answer](common-errors.md).',
  ].join('\n\n')}\n`

/** The errors that need no operation. */
export const commonErrorsPage = (): string =>
  `${[
    MADE,
    '# Errors that every operation can answer',
    'They come before an operation is looked at, or stand for what an operation has no words of its own for. `%s` is filled in.',
    errorTable([...Object.values(GATEWAY_ERRORS), missing('{Parameter}')]),
  ].join('\n\n')}\n`
