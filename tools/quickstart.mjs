// npm run quickstart: installs what is missing, builds, and runs the demonstration. Plain JavaScript: it is the first thing
// that runs in a fresh clone.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`OpenAssist needs Node.js 20.19 or newer; this is ${process.versions.node}.`)
  process.exit(1)
}

/** Whether node_modules is what package-lock.json says: npm leaves a copy of the lock in it. */
const isInstalled = () => {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return false
  if (statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return true
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages
  const [wanted, found] = [packages(join(root, 'package-lock.json')), packages(installed)]
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || found[path]?.version === version,
  )
}

const run = (title, command, args, options = {}) => {
  console.log(title)
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) console.error(`${command}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

if (!isInstalled()) {
  // npm run tells where npm is; without it, the one on the PATH.
  const npm = process.env.npm_execpath
  const [command, ...args] = npm ? [process.execPath, npm, 'ci'] : ['npm', 'ci']
  run('Installing dependencies …', command, args, npm ? {} : { shell: process.platform === 'win32' })
}
run('Building …', process.execPath, [join('tools', 'build.mjs')])
const shown = spawnSync(process.execPath, [join('bin', 'openassist'), 'quickstart', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(shown.status ?? 1)
