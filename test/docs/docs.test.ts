import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Options } from '../../src/command-line/options.js'
import { program } from '../../src/program.js'
import { CONFIG_FILE, SETTINGS } from '../../src/server/config.js'
import type { Setting } from '../../src/server/config/setting.js'

// What people are told to look at or to type is there (style.md §13).

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const filesUnder = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesUnder(path, ending) : ending.test(entry.name) ? [path] : []
  })

const WRITTEN = ['README.md', ...filesUnder('docs', /\.md$/).filter((path) => !path.startsWith('docs/reference/'))]
const ALL = ['README.md', ...filesUnder('docs', /\.md$/)]

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Code spans and fenced blocks of a page, with what stands before a fence's first line. */
const codeOf = (text: string): readonly string[] => {
  const fences = [...text.matchAll(/^```[^\n]*\n([^]*?)^```/gm)].map(([, code = '']) => code.replaceAll('\\\n', ' '))
  const spans = [...text.replace(/^```[^]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
  return [...fences, ...spans]
}

/** Whether a path of the tree is there; `<Name>` and `*` stand for any name. */
const isThere = (path: string): boolean => {
  let places = ['']
  for (const part of path.replace(/\/$/, '').split('/')) {
    const pattern = new RegExp(
      `^${part
        .split(/<\w+>|\*/)
        .map(escape)
        .join('.+')}$`,
    )
    places = places.flatMap((place) => {
      const folder = join(ROOT, place)
      if (!/[<*]/.test(part)) return existsSync(join(folder, part)) ? [join(place, part)] : []
      return existsSync(folder)
        ? readdirSync(folder).flatMap((name) => (pattern.test(name) ? [join(place, name)] : []))
        : []
    })
  }
  return places.length > 0
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

describe.each(ALL)('%s', (page) => {
  it('links to pages that are there', () => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target.split('#', 1)[0] ?? '')
    const local = links.filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    expect(local.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([])
  })
})

describe.each(WRITTEN)('%s', (page) => {
  const code = codeOf(read(page))

  it('names paths that are there', () => {
    const path = /(?<![\w/.~-])(?:src|docs|test|tools|bench|bin|spec|changes|\.ci)\/[\w./<>*-]*[\w>*/]/g
    const named = code.flatMap((text) => [...text.matchAll(path)].map(([found]) => found))
    expect(named.filter((one) => !isThere(one))).toEqual([])
  })

  it('names scripts that are there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = code.flatMap((text) => [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name))
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  })

  it('names environment variables that something reads', () => {
    const named = new Set([...read(page).matchAll(/\bOPENASSIST_[A-Z_]+\b/g)].map(([name]) => name))
    expect([...named].filter((name) => !SOURCES.includes(name))).toEqual([])
  })

  it('shows command lines that the program understands', async () => {
    const wrong: string[] = []
    for (const line of code.flatMap(linesOfProgram)) {
      const problem = await problemOf(line)
      if (problem !== undefined) wrong.push(`openassist ${line.join(' ')}: ${problem}`)
    }
    expect(wrong).toEqual([])
  })
})

const SOURCES = [...filesUnder('src', /\.ts$/), ...filesUnder('tools', /\.(ts|mjs)$/), ...filesUnder('test', /\.ts$/)]
  .map(read)
  .join('\n')

/** The words after `openassist` in shell text, up to what ends a command. */
const linesOfProgram = (text: string): string[][] =>
  [...text.matchAll(/(?:^|[\s(])(?:\.\/|bin\/|\.\/bin\/)?openassist +([\w-][^\n|;)&#`]*)/g)].map(([, rest = '']) =>
    (rest.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, '$2')),
  )

/** @returns what is wrong with a line, or undefined; a line in prose may end early */
const problemOf = async (words: readonly string[]): Promise<string | undefined> => {
  const { entries, alias } = program()
  const typed = alias?.(words) ?? words
  const matching = entries.filter(({ name }) => name.split(' ').every((word, index) => typed[index] === word))
  const entry = matching.toSorted((left, right) => right.name.length - left.name.length)[0]
  if (entry === undefined) {
    const isGroup = entries.some(({ name }) => name.startsWith(`${typed[0]} `)) && typed.length === 1
    return isGroup || typed[0]?.startsWith('--') === true || typed[0] === 'SUBCOMMAND'
      ? undefined
      : 'no such subcommand'
  }
  const rest = typed.slice(entry.name.split(' ').length)
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
  const loaded = await entry.load()
  const options: Options = (loaded.refine?.(own) ?? loaded).options
  const shorts = new Set(Object.values(options).map(({ short }) => short))
  for (const word of own) {
    const name = /^--([^=]+)/.exec(word)?.[1]
    if (name !== undefined && name !== 'help' && !Object.hasOwn(options, name)) return `no option --${name}`
    const short = /^-([a-zA-Z])$/.exec(word)?.[1]
    if (short !== undefined && short !== 'h' && !shorts.has(short)) return `no option -${short}`
  }
  return undefined
}

describe('the check of command lines', () => {
  it.each([
    ['serve --data x', undefined],
    ['agent run', undefined],
    ['DescribeInstances --RegionId x', undefined],
    ['serv', 'no such subcommand'],
    ['serve --dta x', 'no option --dta'],
    ['run --all -- ls --nonsense', undefined],
  ])('%s: %s', async (line, problem) => {
    expect(await problemOf(line.split(' '))).toBe(problem)
  })

  it('finds them in shell text', () => {
    expect(linesOfProgram('$ openassist status --watch | head\nsudo bin/openassist agent run &')).toEqual([
      ['status', '--watch'],
      ['agent', 'run'],
    ])
  })
})

describe('docs/running.md', () => {
  const page = read('docs/running.md')

  it.each(Object.entries(SETTINGS) as [string, Setting<unknown>][])(
    'tells the setting %s with its places and default',
    (name, setting) => {
      if (setting.inFile) expect(page).toContain(`\`${name}\``)
      if (setting.flag !== undefined) expect(page).toContain(`\`--${setting.flag}`)
      if (setting.env !== undefined) expect(page).toContain(`\`${setting.env}\``)
      if (setting.kind !== 'flag' && setting.defaultText !== '') expect(page).toContain(`\`${setting.defaultText}\``)
    },
  )

  it('tells how the config file is named', () => {
    expect(page).toContain(`--${CONFIG_FILE.flag}`)
    expect(page).toContain(CONFIG_FILE.env)
  })
})

it('docs/architecture.md names every room of tools/layers.json', () => {
  const page = read('docs/architecture.md')
  const { rooms } = JSON.parse(read('tools/layers.json')) as { rooms: { name: string; path: string | string[] }[] }
  const missing = rooms.flatMap(({ path }) =>
    [path]
      .flat()
      .slice(0, 1)
      .map((at) => relative('src', at).split('/').at(-1)?.replace(/\.ts$/, '') ?? at)
      .filter((word) => !new RegExp(`\\b${escape(word)}\\b`).test(page)),
  )
  expect(missing).toEqual([])
})
