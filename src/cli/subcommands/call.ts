import { escapeControl, escapeControlInJson, escapeControlInXml } from '../../command-line/escape-control.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { UsageError } from '../../command-line/failures.js'
import { rows } from '../../command-line/help.js'
import { type Option, type Options, text } from '../../command-line/options.js'
import { defineSubcommand, type Subcommand } from '../../command-line/subcommand.js'
import { didYouMean } from '../../command-line/suggest.js'
import { openApi } from '../call-operation.js'
import { flatForms, isFlatName, toFlatParameters } from '../flat-parameters.js'
import { CONNECTION_OPTIONS, readConnection } from '../settings.js'
import { readOperations, type SpecFields, type SpecOperation, type SpecShape } from '../spec.js'

const OWN_OPTIONS = {
  format: text('How the answer is written.', { oneOf: ['json', 'xml'], default: 'json' }),
  ...CONNECTION_OPTIONS,
} as const

/** Accepted by every operation and listed by none (rpc.md §1.1). */
const EVERYWHERE: SpecFields = Object.fromEntries(
  ['OwnerId', 'OwnerAccount', 'ResourceOwnerId', 'ResourceOwnerAccount'].map((name) => [
    name,
    { kind: 'text', about: 'Accepted and ignored.' },
  ]),
)

export const call = defineSubcommand({
  name: 'call',
  summary: 'calls any operation of the API',
  description: [
    'Parameters have the names of the API. A list is written --InstanceId.1 i-1 --InstanceId.2 i-2, or --InstanceId ' +
      'i-1 --InstanceId i-2. RegionId is filled in. Without an operation, all of them are listed; each has a --help.',
  ],
  positionals: [{ name: 'OPERATION', about: 'such as DescribeCloudAssistantStatus', optional: true }],
  options: OWN_OPTIONS,
  examples: [
    { about: 'The status of a host', line: 'openassist call DescribeCloudAssistantStatus --InstanceId.1 mi-1' },
    { about: 'What RunCommand takes', line: 'openassist call RunCommand --help' },
  ],
  exitCodes: [{ code: EXIT.noServer, about: 'The server cannot be reached.' }],
  refine: (words) => {
    const operations = readOperations()
    const name = words.find((word) => operations.has(word))
    const operation = name === undefined ? undefined : operations.get(name)
    if (operation !== undefined) return operationSubcommand(operation, words)
    const [given] = words
    if (given === undefined || given.startsWith('-')) return undefined
    const guess = didYouMean(given, [...operations.keys()])
    throw new UsageError(`there is no operation ${escapeControl(given)}.${guess}`)
  },
  run: async ({ words: [given], terminal }) => {
    const operations = readOperations()
    if (given !== undefined) throw new UsageError(`there is no operation ${escapeControl(given)}.`)
    const list = [...operations.values()].map(({ name, summary }) => ({ left: name, right: summary }))
    terminal.stdout.write(`${rows(list, Math.min(100, terminal.stdout.columns)).join('\n')}\n`)
    return EXIT.ok
  },
})

/** The subcommand for one operation; flat names with numbers in them are options as far as they are on the line. */
const operationSubcommand = (operation: SpecOperation, line: readonly string[]): Subcommand => {
  const region: SpecFields = operation.regionless
    ? {}
    : { RegionId: { kind: 'text', about: 'The region. Without it, that of --region.', optional: true } }
  const fields: SpecFields = { ...operation.request, ...region }
  const all: SpecFields = { ...EVERYWHERE, ...fields }
  const parameters = parameterOptions(fields, all, line)
  const options: Options = { ...parameters, ...OWN_OPTIONS }
  return {
    name: `call ${operation.name}`,
    summary: `${operation.summary.charAt(0).toLowerCase()}${operation.summary.slice(1)}`,
    // The name of the operation is among the words of the line.
    positionals: [{ name: 'OPERATION', about: operation.name, optional: true, hidden: true }],
    options,
    tables: [{ title: 'Errors of this operation', rows: errorRows(operation) }],
    run: async ({ options: values, terminal }) => {
      // The types of the parameters are in the spec, and only their texts matter here; those of OWN_OPTIONS are declared.
      const own = values as unknown as OwnValues & Readonly<Record<string, string | readonly string[]>>
      const given = new Map<string, readonly string[]>()
      for (const name of Object.keys(parameters)) {
        const value = own[name] ?? []
        const texts = typeof value === 'string' ? [value] : value
        if (texts.length > 0) given.set(name, texts)
      }
      const flat = toFlatParameters(given, all)
      const connection = readConnection(own, terminal)
      using api = openApi(connection, operation.version)
      const needsRegion = operation.regionless !== true && !given.has('RegionId')
      const body = await api.send(operation.name, [
        ...(needsRegion ? [['RegionId', connection.regionId] as const] : []),
        ['Format', own.format.toUpperCase()],
        ...flat,
      ])
      terminal.stdout.write(`${own.format === 'json' ? prettyJson(body) : escapeControlInXml(body)}\n`)
      return EXIT.ok
    },
  }
}

type OwnValues = Parameters<typeof readConnection>[0] & { readonly format: 'json' | 'xml' }

const prettyJson = (body: string): string => escapeControlInJson(JSON.stringify(JSON.parse(body), null, 2))

const parameterOptions = (fields: SpecFields, all: SpecFields, line: readonly string[]): Options => {
  const options: Record<string, Option> = {}
  for (const [name, shape] of Object.entries(fields)) {
    for (const form of flatForms(name, shape)) options[form.name] = optionOf(form.shape, shape)
  }
  for (const name of Object.keys(all)) options[name] ??= { kind: 'texts', about: '', mayBeEmpty: true, hidden: true }
  for (const word of line) {
    const name = /^--([^=]+)/.exec(word)?.[1] ?? ''
    if (!Object.hasOwn(options, name) && isFlatName(name, all)) {
      options[name] = { kind: 'texts', about: '', mayBeEmpty: true, hidden: true }
    }
  }
  return options
}

const optionOf = (shape: SpecShape, parameter: SpecShape): Option => {
  const notes: string[] = []
  if (parameter.optional !== true && shape.optional !== true) notes.push('required')
  if (shape.oneOf !== undefined) notes.push(`one of ${shape.oneOf.join(', ')}`)
  if (shape.min !== undefined && shape.kind === 'integer') notes.push(`at least ${shape.min}`)
  if (shape.max !== undefined) notes.push(shape.kind === 'list' ? `up to ${shape.max} times` : `at most ${shape.max}`)
  if (shape.default !== undefined) notes.push(`default ${shape.default}`)
  if (shape.deprecated === true || parameter.deprecated === true) notes.push('deprecated')
  return {
    kind: shape.kind === 'list' ? 'texts' : 'text',
    about: `${shape.about}${notes.length === 0 ? '' : ` [${notes.join('; ')}]`}`,
    value: VALUE_WORD[shape.kind] ?? 'TEXT',
    mayBeEmpty: true,
    group: 'Parameters',
  }
}

const VALUE_WORD: Readonly<Record<string, string>> = {
  integer: 'NUMBER',
  flag: 'true|false',
  'flag-text': 'true|false',
  'json-map': 'JSON',
  time: 'TIME',
}

const errorRows = ({ errors }: SpecOperation) =>
  errors.map(({ code, status, message }) => ({ left: code, right: `${message} (${status})` }))
