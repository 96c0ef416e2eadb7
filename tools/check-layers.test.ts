import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { brokenRules, type Layers } from './check-layers.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const LAYERS: Layers = {
  rooms: [
    { name: 'lists', path: 'src/lists', may: [], strangers: { list: 'index.ts' } },
    { name: 'low', path: ['src/low', 'src/low.ts'], may: [], public: ['door.ts', 'halls/'] },
    { name: 'high', path: 'src/high', may: ['low'], types: ['lists'] },
    { name: 'tools', path: 'tools', may: [] },
  ],
  libraries: { pino: ['src/low/log.ts'], '@scope/lib': ['high'], 'node:sqlite': ['low'] },
}

/** What is broken in a tree of these files. */
const check = (files: Readonly<Record<string, string>>): readonly string[] => {
  const root = mkdtempSync(join(tmpdir(), 'openassist-layers-'))
  folders.push(root)
  mkdirSync(join(root, 'src'))
  mkdirSync(join(root, 'tools'))
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), source)
  }
  return brokenRules(root, LAYERS)
}

describe('the layers', () => {
  it('let a room import itself, what it may, and what of that is public', () => {
    expect(
      check({
        'src/high/a.ts': `import { b } from './b.js'\nimport { door } from '../low/door.js'\nimport x from 'node:fs'\n`,
        'src/high/b.ts': `import { c } from '../low/halls/c.js'\nimport '@scope/lib/sub.js'\nimport { low } from '../low.js'\n`,
        'src/low/door.ts': `import { secret } from './private.js'\n`,
        'src/low/private.ts': '',
        'src/low/halls/c.ts': '',
        'src/low/log.ts': `import { pino } from 'pino'\n`,
        'src/low.ts': '',
      }),
    ).toEqual([])
  })

  it.each([
    ['a room that it may not', 'src/low/a.ts', `import { h } from '../high/h.js'`, 'low may not import high.'],
    [
      'over several lines',
      'src/low/a.ts',
      `import {\n  h,\n  type I,\n} from '../high/h.js'`,
      'low may not import high.',
    ],
    ['by exporting it', 'src/low/a.ts', `export * from '../high/h.js'`, 'low may not import high.'],
    ['when it runs', 'src/low/a.ts', `const h = await import('../high/h.js')`, 'low may not import high.'],
    ['even types only', 'src/low/a.ts', `import type { H } from '../high/h.js'`, 'low may not import high.'],
    [
      'more than types',
      'src/high/a.ts',
      `import { type A, b } from '../lists/index.js'`,
      'high may import types of lists only.',
    ],
    [
      'what is private',
      'src/high/a.ts',
      `import { p } from '../low/private.js'`,
      'it is private to low; tools/layers.json names its public files.',
    ],
    ['its stranger', 'src/lists/A.ts', `import { B } from './B.js'`, 'the files of lists may not import each other.'],
    ['a test', 'src/high/a.ts', `import { t } from '../low/_support.js'`, 'nobody imports tests.'],
    ['a test file', 'tools/a.ts', `import { t } from '../test/e2e/x.js'`, 'nobody imports tests.'],
    ['a library of another file', 'src/low/a.ts', `import 'pino'`, 'only src/low/log.ts may, not low.'],
    ['a library of another room', 'src/low/a.ts', `import x from '@scope/lib'`, 'only high may, not low.'],
    ['a library of nobody', 'src/low/a.ts', `import x from 'left-pad'`, 'no room may; name it in tools/layers.json.'],
    [
      'a module of the runtime that is not for all',
      'src/high/a.ts',
      `require('node:sqlite')`,
      'only low may, not high.',
    ],
  ])('stop a room from importing %s', (_what, path, source, rule) => {
    const broken = check({ [path]: `${source}\n` })
    expect(broken).toHaveLength(1)
    expect(broken[0]).toMatch(new RegExp(`^${path} imports `))
    expect(broken[0]).toContain(`: ${rule}`)
  })

  it('let types through where types will do, and lists and tests import what they list and test', () => {
    expect(
      check({
        'src/high/a.ts': `import type { A } from '../lists/A.js'\nimport { type B } from '../lists/B.js'\n`,
        'src/lists/index.ts': `import { A } from './A.js'\n`,
        'src/low/a.test.ts': `import { h } from '../high/h.js'\nimport x from 'left-pad'\n`,
      }),
    ).toEqual([])
  })

  it('want every file in a room', () => {
    expect(check({ 'src/utils/a.ts': '' })).toEqual([
      'src/utils/a.ts is in no room: name its room in tools/layers.json.',
    ])
  })
})

it('tools/layers.json lets nobody import main but those who start it, and no two rooms import each other', () => {
  const { rooms } = JSON.parse(readFileSync(new URL('layers.json', import.meta.url), 'utf8')) as Layers
  const may = new Map(rooms.map(({ name, may: allowed }) => [name, allowed]))
  expect([...may].filter(([, allowed]) => allowed.includes('main')).map(([name]) => name)).toEqual(['subcommands'])
  for (const [name, allowed] of may) {
    for (const other of allowed) expect(may.get(other), `${name} and ${other}`).not.toContain(name)
  }
})
