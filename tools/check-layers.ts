// Holds every import to tools/layers.json (style.md §2): who, whom, which rule. A rule that no program checks is a wish.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Room {
  readonly name: string
  readonly path: string | readonly string[]
  /**
   * What of it other rooms may import: files, or folders that end in `/`, relative to `path`. Everything else is private.
   * Without it, everything is public.
   */
  readonly public?: readonly string[]
  /** Its files may not import each other, but for the one that lists them (style.md §2, operations). */
  readonly strangers?: { readonly list: string }
  /** Rooms that it may import. */
  readonly may: readonly string[]
  /** Rooms of which it may import types only. */
  readonly types?: readonly string[]
}

export interface Layers {
  readonly rooms: readonly Room[]
  /** External libraries, each with the rooms or files that may import it; one that is not listed is nobody's. */
  readonly libraries: Readonly<Record<string, readonly string[]>>
}

interface Import {
  readonly specifier: string
  readonly typesOnly: boolean
}

// A statement begins a line; between its keyword and `from` there is no quote.
const IMPORT = /^(?:import|export)\s+(type\s+)?([^'"`;=]*?)\bfrom\s+'([^']+)'/gm
const BARE = /^import\s+'([^']+)'/gm
const DYNAMIC = /\b(?:import|require)\(\s*'([^']+)'\s*\)/g

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
        else if (!isTest(path) && room !== undefined) {
          const rule = brokenBy(path, room, target, owner(target), typesOnly)
          if (rule !== undefined) broken.push(`${path} imports ${target}: ${rule}`)
        }
      } else if (!isTest(path) && room !== undefined) {
        const rule = brokenByLibrary(path, room, specifier, layers.libraries)
        if (rule !== undefined) broken.push(`${path} imports ${specifier}: ${rule}`)
      }
    }
  }
  return broken
}

/** @returns the rule that an import of our own breaks */
const brokenBy = (
  path: string,
  room: Room,
  target: string,
  other: Room | undefined,
  typesOnly: boolean,
): string | undefined => {
  if (other === undefined) return undefined
  if (other === room) {
    const list = room.strangers?.list
    return list === undefined || path.endsWith(`/${list}`) || target === path
      ? undefined
      : `the files of ${room.name} may not import each other.`
  }
  const typesWillDo = room.types?.includes(other.name) === true
  if (!room.may.includes(other.name)) {
    if (!typesWillDo) return `${room.name} may not import ${other.name}.`
    if (!typesOnly) return `${room.name} may import types of ${other.name} only.`
  }
  const inside = [other.path].flat().flatMap((at) => (target.startsWith(`${at}/`) ? target.slice(at.length + 1) : []))
  const isPublic =
    other.public?.some((name) => inside.some((at) => (name.endsWith('/') ? at.startsWith(name) : at === name))) ?? true
  return isPublic || inside.length === 0
    ? undefined
    : `it is private to ${other.name}; tools/layers.json names its public files.`
}

/** @returns the rule that an import of a library breaks */
const brokenByLibrary = (
  path: string,
  room: Room,
  specifier: string,
  libraries: Layers['libraries'],
): string | undefined => {
  if (specifier.startsWith('node:') && libraries[specifier] === undefined) return undefined
  const library = specifier.startsWith('@')
    ? specifier.split('/').slice(0, 2).join('/')
    : (specifier.split('/')[0] ?? '')
  const allowed = libraries[specifier] ?? libraries[library]
  if (allowed === undefined) return 'no room may; name it in tools/layers.json.'
  return allowed.includes(room.name) || allowed.includes(path)
    ? undefined
    : `only ${allowed.join(', ')} may, not ${room.name}.`
}

/** @returns exit status */
const check = (root: string): number => {
  const layers = JSON.parse(readFileSync(join(root, 'tools', 'layers.json'), 'utf8')) as Layers
  const broken = brokenRules(root, layers)
  for (const sentence of broken) console.error(sentence)
  if (broken.length === 0) console.log('Every import keeps to tools/layers.json.')
  return broken.length === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = check(process.cwd())
