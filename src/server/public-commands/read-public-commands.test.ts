import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkLength } from '../domain/commands/custom-parameters.js'
import { definedValues } from '../domain/commands/public-commands.js'
import { readPublicCommands } from './read-public-commands.js'

const commands = readPublicCommands()

/** What a shell, or PowerShell, would read as more than text between the quotes around it. */
const READ = [
  "'",
  '"',
  '`',
  '$',
  '\\',
  ';',
  '&',
  '|',
  '<',
  '>',
  '(',
  ')',
  '{',
  '}',
  '*',
  '?',
  '#',
  '~',
  '!',
  '\n',
  '\r',
  '\0',
  ' ',
  '’',
]

describe('the commands that come with the product', () => {
  it('are one folder each, and each version in it is there twice', () => {
    const folder = new URL('./catalogue/', import.meta.url)
    const names = readdirSync(folder).sort()
    expect([...new Set(commands.map(({ name }) => name))]).toEqual(names)
    for (const name of names) {
      const files = readdirSync(new URL(`${name}/`, folder))
      expect(files.map((file) => file.replace(/\.(?:json|sh|ps1)$/, '')).sort(), name).toEqual(
        commands
          .filter((one) => one.name === name)
          .flatMap((one) => [`${one.publication?.version}`, `${one.publication?.version}`])
          .sort(),
      )
    }
  })

  it('have ids and names that tell them apart', () => {
    const ids = commands.map(({ commandId }) => commandId)
    expect(new Set(ids).size).toBe(ids.length)
    const latest = commands.filter(({ publication }) => publication?.isLatest === true)
    expect(latest.map(({ name }) => name)).toEqual([...new Set(commands.map(({ name }) => name))])
  })
})

describe.each(commands.map((command) => [command.commandId, command] as const))('%s', (_id, command) => {
  const { publication } = command
  const definitions = publication?.definitions ?? []

  it('says what it is, and fits into a command', () => {
    expect(command.name).toMatch(/^OpenAssist-[A-Za-z]+-(?:Linux|Windows)$/)
    expect(command.type).toBe(command.name.endsWith('Linux') ? 'RunShellScript' : 'RunPowerShellScript')
    expect(command.description.length).toBeGreaterThan(10)
    expect(command.description.length).toBeLessThanOrEqual(512)
    expect(publication?.category).toMatch(/^[A-Z][a-z]+$/)
    expect(command.createdAt).toBeGreaterThan(0)
    expect(() => checkLength(command.content.byteLength)).not.toThrow()
    expect(Buffer.from(command.content).toString()).toMatch(/^(?:#!\/bin\/sh\n)?# /)
  })

  it('tells of the parameters that its script has, and of no other', () => {
    expect(definitions.map(({ name }) => name).sort()).toEqual(command.parameterNames.toSorted())
    expect(command.enableParameter).toBe(definitions.length > 0)
  })

  it.each(definitions.map((one) => [one.name, one] as const))(
    'lets nothing through by %s that a shell reads',
    (_name, one) => {
      expect(one.description).not.toBe('')
      const isFree = one.possibleValues.length === 0
      expect(isFree).toBe(one.pattern !== '')
      for (const value of one.possibleValues) expect(value).toMatch(/^[a-z]+$/)
      if (!isFree) return
      const pattern = new RegExp(`^(?:${one.pattern})$`)
      const good = [one.defaultValue, '/var/log', 'C', '7', 'ssh.service', 'example.org'].filter((text) =>
        pattern.test(text),
      )
      expect(good.length).toBeGreaterThan(0)
      for (const text of good)
        for (const character of READ)
          for (const at of [0, 1, text.length])
            expect(pattern.test(text.slice(0, at) + character + text.slice(at)), character).toBe(false)
      // An option of a program is none either.
      for (const text of good) expect(pattern.test(`-${text}`)).toBe(false)
      if (one.defaultValue !== '') expect(definedValues([one], undefined).get(one.name)).toBe(one.defaultValue)
    },
  )
})
