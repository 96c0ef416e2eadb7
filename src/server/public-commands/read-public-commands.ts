// The commands that come with the product: a folder each, and in it for each version what it is (`1.json`) and its script. A
// version that was released stays as it is; a change is another one (docs/adr/0013-public-commands.md).
import { readdirSync, readFileSync } from 'node:fs'
import type { Command, ParameterDefinition } from '../domain/commands/commands.js'
import { parameterNames, textOfScript } from '../domain/commands/custom-parameters.js'

/** What a version's file says. */
interface Told {
  readonly description: string
  readonly type: 'RunShellScript' | 'RunPowerShellScript'
  readonly category: string
  readonly timeoutSeconds: number
  readonly createdAt: string
  readonly parameters: readonly {
    readonly name: string
    readonly description: string
    readonly default?: string
    readonly possible?: readonly string[]
    /** Source of a regular expression for the whole value: what is let through stands in a script as it is. */
    readonly pattern?: string
    readonly required?: boolean
  }[]
}

export const PROVIDER = 'OpenAssist'

const EXTENSIONS = { RunShellScript: 'sh', RunPowerShellScript: 'ps1' } as const

/** All versions of all of them, by name, the newest version first. */
export const readPublicCommands = (folder: URL = new URL('./catalogue/', import.meta.url)): readonly Command[] =>
  readdirSync(folder)
    .sort()
    .flatMap((name) => versionsOf(name, new URL(`${name}/`, folder)))

const versionsOf = (name: string, folder: URL): readonly Command[] => {
  const versions = readdirSync(folder)
    .flatMap((file) => /^([1-9]\d*)\.json$/.exec(file)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a)
  return versions.map((version) => {
    const told = JSON.parse(readFileSync(new URL(`${version}.json`, folder), 'utf8')) as Told
    const content = readFileSync(new URL(`${version}.${EXTENSIONS[told.type]}`, folder))
    const definitions = told.parameters.map(
      (one): ParameterDefinition => ({
        name: one.name,
        description: one.description,
        defaultValue: one.default ?? '',
        possibleValues: one.possible ?? [],
        pattern: one.pattern ?? '',
        required: one.required ?? false,
      }),
    )
    return {
      commandId: `c-${name.toLowerCase()}-v${version}`,
      name,
      description: told.description,
      type: told.type,
      content,
      enableParameter: definitions.length > 0,
      parameterNames: definitions.length > 0 ? parameterNames(textOfScript(content)) : [],
      workingDir: '',
      timeoutSeconds: told.timeoutSeconds,
      launcher: '',
      resourceGroupId: '',
      tags: [],
      invokeTimes: 0,
      createdAt: Date.parse(told.createdAt),
      publication: {
        provider: PROVIDER,
        category: told.category,
        version,
        isLatest: version === versions[0],
        definitions,
      },
    }
  })
}
