// Holds every import to tools/layers.json (style.md §2): who, whom, which rule. A rule that no program checks is a wish.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

interface Room {
  readonly name: string
  readonly path: string | readonly string[]
  /** Rooms that it may import. */
  readonly may: readonly string[]
  /** Rooms of which it may import types only. */
  readonly types?: readonly string[]
}

interface Layers {
  readonly rooms: readonly Room[]
  /** External libraries, each with the rooms that may import it; a library that is not listed is nobody's. */
  readonly libraries: Readonly<Record<string, readonly string[]>>
}

interface Import {
  readonly specifier: string
  readonly typesOnly: boolean
}

// A statement begins a line; between its keyword and `from` there is no quote.
const IMPORT = /^(?:import|export)\s+(type\s+)?([^'"`;=]*?)\bfrom\s+'([^']+)'/gm
const BARE = /^import\s+'([^']+)'/gm
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g

const importsOf = (source: string): readonly Import[] => [
  ...[...source.matchAll(IMPORT)].map(([, type, names = '', specifier = '']) => ({
    specifier,
    typesOnly: type !== undefined || onlyTypes(names),
  })),
  ...[...source.matchAll(BARE), ...source.matchAll(DYNAMIC)].map(([, specifier = '']) => ({
    specifier,
    typesOnly: false,
  })),
]

/** `{ type A, type B }` */
const onlyTypes = (names: string): boolean => {
  const inside = /^\{([^}]*)\}$/.exec(names.trim())?.[1]
  if (inside === undefined) return false
  const parts = inside.split(',').map((part) => part.trim())
  return parts.every((part) => part === '' || part.startsWith('type '))
}

const filesUnder = (path: string): readonly string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path).flatMap((name) => filesUnder(join(path, name)))
    : path.endsWith('.ts')
      ? [path]
      : []

const isTest = (path: string): boolean => /\.test\.ts$|(^|[/\\])_[^/\\]+\.ts$|^(test|bench)[/\\]/.test(path)

/** Everything that breaks a rule, one sentence each. Paths are relative to `root`. */
export const brokenRules = (root: string, layers: Layers): readonly string[] => {
  const owner = (path: string): Room | undefined =>
    layers.rooms.find((room) => [room.path].flat().some((at) => path === at || path.startsWith(`${at}/`)))
  const broken: string[] = []
  for (const file of ['src', 'tools'].flatMap((top) => filesUnder(join(root, top)))) {
    const path = relative(root, file).split(sep).join('/')
    const room = owner(path)
    if (room === undefined && !isTest(path)) {
      broken.push(`${path} is in no room: name its room in tools/layers.json.`)
      continue
    }
    for (const { specifier, typesOnly } of importsOf(readFileSync(file, 'utf8'))) {
      if (specifier.startsWith('.')) {
        const target = relative(root, resolve(dirname(file), specifier))
          .split(sep)
          .join('/')
          .replace(/\.js$/, '.ts')
        if (isTest(target) && !isTest(path)) broken.push(`${path} imports ${target}: nobody imports tests.`)
        if (isTest(path) || room === undefined) continue
        const other = owner(target)
        if (other === undefined || other === room || room.may.includes(other.name)) continue
        if (room.types?.includes(other.name)) {
          if (!typesOnly) broken.push(`${path} imports ${target}: ${room.name} may import types of ${other.name} only.`)
        } else broken.push(`${path} imports ${target}: ${room.name} may not import ${other.name}.`)
        continue
      }
      if (isTest(path) || room === undefined || (specifier.startsWith('node:') && specifier !== 'node:sqlite')) continue
      const library = specifier.startsWith('@')
        ? specifier.split('/').slice(0, 2).join('/')
        : (specifier.split('/')[0] ?? '')
      const allowed = layers.libraries[specifier] ?? layers.libraries[library]
      if (allowed === undefined) broken.push(`${path} imports ${specifier}: no room may; name it in tools/layers.json.`)
      else if (!allowed.includes(room.name))
        broken.push(`${path} imports ${specifier}: only ${allowed.join(', ')} may, not ${room.name}.`)
    }
  }
  return broken
}

const main = (): void => {
  const root = process.cwd()
  const layers = JSON.parse(readFileSync(join(root, 'tools', 'layers.json'), 'utf8')) as Layers
  const broken = brokenRules(root, layers)
  for (const sentence of broken) console.error(sentence)
  if (broken.length > 0) process.exitCode = 1
  else console.log('Every import keeps to tools/layers.json.')
}

main()
