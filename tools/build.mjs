// Compiles the program into dist/ and lays the SQL files and the public commands beside the code that reads them.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)

let compiler
try {
  compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
} catch {
  console.error('The dependencies are not installed yet. Run: npm ci')
  process.exit(1)
}
if (!existsSync(compiler)) throw new Error(`no compiler at ${compiler}`)
const compiled = spawnSync(process.execPath, [compiler, '-b', 'tsconfig.json'], { cwd: root, stdio: 'inherit' })
if (compiled.status !== 0) process.exit(compiled.status ?? 1)
const data = ['sqlite', 'postgres'].map((dialect) => join('storage', dialect, 'migrations'))
for (const path of [...data, join('public-commands', 'catalogue')]) {
  const folder = join('src', 'server', path)
  // One that was there under another name would be applied too.
  rmSync(join(root, 'dist', folder), { recursive: true, force: true })
  cpSync(join(root, folder), join(root, 'dist', folder), { recursive: true })
}
