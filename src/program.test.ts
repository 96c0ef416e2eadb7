import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseArguments, wantsHelp } from './command-line/parse-arguments.js'
import type { Subcommand } from './command-line/subcommand.js'
import { program } from './program.js'
import { SETTINGS } from './server/config.js'

// What people are told to type exists. Lines in the documents are read by the program's own declarations.

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

interface Line {
  readonly document: string
  readonly line: string
}

const linesOf = (document: string): readonly Line[] =>
  readFileSync(join(root, document), 'utf8')
    .split('\n')
    .map((line) => ({ document, line }))

/** The words of a shell line, without what comes before the program, comments, pipes and redirections. */
const wordsAfterProgram = (line: string): readonly string[] | undefined => {
  const start = /(?:^|[\s|])(?:bin\/)?openassist((?:\s.*)?)$/.exec(line.split(/\s+#\s/)[0] ?? '')
  if (start === null) return undefined
  const words = (start[1] ?? '').match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? []
  const end = words.findIndex((word) => /^[|>&]/.test(word))
  return (end === -1 ? words : words.slice(0, end)).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'))
}

const commandLines = (line: Line): boolean =>
  /^\s*(?:[A-Z_]+=\S+ )*(?:\$ )?(?:ExecStart=\/usr\/bin\/env )?(?:bin\/)?openassist\s/.test(line.line)

const find = async (words: readonly string[]): Promise<{ subcommand: Subcommand; rest: readonly string[] }> => {
  const { alias, entries } = program()
  const line = alias?.(words) ?? words
  const entry = entries
    .filter(({ name }) => name.split(' ').every((word, index) => line[index] === word))
    .toSorted((left, right) => right.name.length - left.name.length)[0]
  if (entry === undefined) throw new Error('no such subcommand')
  const loaded = await entry.load()
  const rest = line.slice(entry.name.split(' ').length)
  return { subcommand: loaded.refine?.(rest) ?? loaded, rest }
}

/** What a line that is no secret of the document may lack: values that the reader has. */
const env = { OPENASSIST_ACTIVATION_CODE: 'x' }

const checkLine = async (words: readonly string[]): Promise<void> => {
  const { subcommand, rest } = await find(words)
  if (!wantsHelp(rest)) parseArguments(subcommand, rest, env)
}

const problemsOf = async (lines: readonly Line[]): Promise<readonly string[]> => {
  const problems: string[] = []
  for (const { document, line } of lines) {
    const words = wordsAfterProgram(line.replace(/^\s*\$ /, ''))
    if (words === undefined) continue
    await checkLine(words).catch((error: unknown) => problems.push(`${document}: ${line.trim()}: ${String(error)}`))
  }
  return problems
}

describe('the program', () => {
  it('declares every subcommand under its own name, with a summary', async () => {
    for (const entry of program().entries) {
      const { name, summary } = await entry.load()
      expect(name).toBe(entry.name)
      expect(summary).toMatch(/^[a-z].*[^.]$/)
    }
  })

  it('can read its own examples', async () => {
    const lines: Line[] = []
    for (const entry of program().entries) {
      const { examples = [] } = await entry.load()
      for (const { line } of examples) lines.push({ document: entry.name, line })
    }
    expect(lines.length).toBeGreaterThan(10)
    expect(await problemsOf(lines)).toEqual([])
  })
})

describe('the documents', () => {
  it('tell lines that the program can read', async () => {
    const lines = documents.flatMap(linesOf).filter(commandLines)
    expect(lines.length).toBeGreaterThan(30)
    expect(await problemsOf(lines)).toEqual([])
  })

  it('lead to files that exist', () => {
    const missing: string[] = []
    for (const document of documents) {
      for (const [, target = ''] of readFileSync(join(root, document), 'utf8').matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue
        if (!existsSync(join(root, dirname(document), target))) missing.push(`${document}: ${target}`)
      }
    }
    expect(missing).toEqual([])
  })

  it('name every setting of the server with its option, its variable and its default', () => {
    const text = readFileSync(join(root, 'docs', 'running.md'), 'utf8')
    for (const [name, { flag, env: variable, inFile, defaultText, value }] of Object.entries(SETTINGS)) {
      const option = flag === undefined ? '' : `\`--${flag}${value === '' ? '' : ` ${value.replaceAll('|', '\\|')}`}\``
      const cells = [inFile ? `\`${name}\`` : '', option, variable === undefined ? '' : `\`${variable}\``]
      expect(text).toContain(`| ${[...cells, defaultText === '' ? '' : `\`${defaultText}\``].join(' | ')} |`)
    }
  })

  it('list every subcommand', async () => {
    const text = readFileSync(join(root, 'docs', 'command-line.md'), 'utf8')
    for (const { name } of program().entries) expect(text).toContain(`\`${name}\``)
  })
})
