// Commands that come with the product (api.md §4.2): everybody may run them, nobody changes them. Pure.
import { Fault } from '../faults.js'
import type { Page, PageRequest } from '../paging.js'
import type { Command, CommandFilter, ParameterDefinition } from './commands.js'
import { parameterValues } from './custom-parameters.js'

/** The words of clients for all public commands, whoever provides them (docs/adr/0013-public-commands.md). */
const ANY_PROVIDER = /^AlibabaCloud(?:\.|$)/

export class PublicCommands {
  readonly #all: readonly Command[]

  /** @param all by name, the newest version first */
  constructor(all: readonly Command[]) {
    this.#all = all
  }

  /** By its id, or the newest version of a name. */
  find(idOrName: string): Command | undefined {
    return this.#all.find(({ commandId, name }) => commandId === idOrName || name === idOrName)
  }

  /** Name and description are looked for anywhere, in any case of letters. */
  list(filter: CommandFilter, page: PageRequest): Page<Command> {
    const found = this.#all.filter((command) => matches(command, filter))
    const first = page.style === 'number' ? (page.number - 1) * page.size : Number(page.cursor ?? 0)
    const next = first + page.size
    return {
      items: found.slice(first, next),
      totalCount: found.length,
      nextCursor: next < found.length ? String(next) : undefined,
    }
  }
}

const matches = (command: Command, filter: CommandFilter): boolean => {
  const { provider = '', isLatest = false } = command.publication ?? {}
  // They are in no resource group, and carry no tags.
  if (filter.resourceGroupId !== undefined || (filter.tags?.length ?? 0) > 0) return false
  const isOfProvider = (wanted: string): boolean => ANY_PROVIDER.test(wanted) || provider.startsWith(wanted)
  if (filter.provider !== undefined && !isOfProvider(filter.provider)) return false
  if (filter.latest === true && !isLatest) return false
  if (filter.commandId !== undefined && filter.commandId !== command.commandId) return false
  if (filter.type !== undefined && filter.type !== command.type) return false
  return holds(command.name, filter.name) && holds(command.description, filter.description)
}

const holds = (text: string, wanted = ''): boolean =>
  text.toLowerCase().includes(wanted.replace(/^\*|\*$/g, '').toLowerCase())

/**
 * The values of a run by what its command says of them: what was not sent has its default.
 * Faults: `parameters/*`, `parameters/missing-value`; `parameters/malformed` for one that is not allowed.
 */
export const definedValues = (
  definitions: readonly ParameterDefinition[],
  sent: ReadonlyMap<string, unknown> | undefined,
): ReadonlyMap<string, unknown> => {
  const names = definitions.map(({ name }) => name)
  const given = parameterValues(definitions.length > 0, names, sent)
  const values = new Map<string, string>()
  for (const definition of definitions) {
    const { name, defaultValue, possibleValues, pattern, required } = definition
    const value = given.get(name.toLowerCase()) || defaultValue
    if (value === '' && required)
      throw new Fault('parameters/missing-value', [], {
        detail: `The parameter ${name} needs a value. ${definition.description}`.trimEnd(),
      })
    if (value === '') continue
    const isAllowed =
      (possibleValues.length === 0 || possibleValues.includes(value)) &&
      (pattern === '' || new RegExp(`^(?:${pattern})$`).test(value))
    if (!isAllowed) throw new Fault('parameters/malformed', [], { detail: allowed(definition) })
    values.set(name, value)
  }
  return values
}

const allowed = ({ name, description, possibleValues, pattern }: ParameterDefinition): string => {
  const values = possibleValues.length > 0 ? `one of ${possibleValues.join(', ')}` : `what matches ${pattern}`
  return `The parameter ${name} can be ${values}. ${description}`.trimEnd()
}
