// Budget: `npm ci` of a fresh copy of the tracked files, with an empty cache and without a compiler: those on the path are
// replaced by programs that fail and leave a trace. The floor is the same once more with everything in npm's cache: what
// it took longer before is the network's and the registry's.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drop, scratch } from './data/directory.js'
import { note, tell } from './measure/verdict.js'

const COMPILERS = [
  'cc',
  'c++',
  'gcc',
  'g++',
  'clang',
  'clang++',
  'make',
  'gmake',
  'cmake',
  'ninja',
  'cargo',
  'rustc',
  'go',
]
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const directory = scratch()
const clone = join(directory, 'clone')
const tools = join(directory, 'no-compilers')
const trace = join(directory, 'compilers-run')
const listed = spawnSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
if (listed.status !== 0) throw new Error('git cannot list the tracked files')
const files = listed.stdout.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)))
for (const file of files) {
  mkdirSync(dirname(join(clone, file)), { recursive: true })
  copyFileSync(join(ROOT, file), join(clone, file))
}
mkdirSync(tools)
for (const compiler of COMPILERS)
  writeFileSync(join(tools, compiler), `#!/bin/sh\necho "${compiler} $*" >>'${trace}'\nexit 1\n`, { mode: 0o755 })

const env = {
  ...process.env,
  PATH: `${tools}${delimiter}${process.env['PATH']}`,
  CC: join(tools, 'cc'),
  CXX: join(tools, 'c++'),
  npm_config_cache: join(directory, 'cache'),
}

/** Milliseconds of one `npm ci`. */
const install = async (): Promise<number> => {
  rmSync(join(clone, 'node_modules'), { recursive: true, force: true })
  const begun = performance.now()
  const child = spawn('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: clone,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let words = ''
  child.stderr.on('data', (piece: Buffer) => (words += piece.toString()))
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`npm ci ended with ${child.exitCode}: ${words}`)
  return performance.now() - begun
}

/** What was installed works: the one dependency with machine code opens a database, unless the runtime has its own. */
const opensDatabase = (): boolean => {
  const script = `
    const name = process.getBuiltinModule?.('node:sqlite') === undefined ? '@photostructure/sqlite' : 'node:sqlite'
    const { DatabaseSync } = await import(name)
    if (new DatabaseSync(':memory:').prepare('select 1 as one').get().one !== 1) process.exit(1)`
  return (
    spawnSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: clone, env, stdio: 'inherit' })
      .status === 0
  )
}

const empty = await install()
if (existsSync(trace)) throw new Error(`npm ci ran a compiler: ${readFileSync(trace, 'utf8')}`)
if (!opensDatabase()) throw new Error('what npm ci installed opens no database')
const full = await install()
if (existsSync(trace)) throw new Error(`npm ci ran a compiler: ${readFileSync(trace, 'utf8')}`)
const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`
tell({
  what: '`npm ci` of a fresh copy, empty cache, no compiler',
  value: empty / 1_000,
  unit: 's',
  must: 60,
  aim: 30,
  direction: 'atMost',
  ours: seconds(empty),
  floor: `the same with everything in npm's cache: ${seconds(full)}`,
})
note(`${files.length} files; none of ${COMPILERS.join(', ')} was run`)
drop(directory)
process.exit(0)
