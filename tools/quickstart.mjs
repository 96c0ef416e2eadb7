// npm run quickstart: installs what is missing, builds, and runs the demonstration. Plain JavaScript: it is the first
// thing that runs in a fresh clone.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`OpenAssist needs Node.js 20.19 or newer; this is ${process.versions.node} (${process.execPath}).`)
  process.exit(1)
}

/** Whether node_modules is what package-lock.json says: npm leaves a lock of what it has installed in it. */
const isInstalled = () => {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return false
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages
  const found = packages(installed)
  // Optional ones may be for other systems.
  return Object.entries(packages(join(root, 'package-lock.json'))).every(
    ([path, { version, optional }]) => path === '' || optional || found[path]?.version === version,
  )
}

let running
// Ctrl-C reaches the whole process group: the step ends by itself, and this process after it, with its status.
process.on('SIGINT', () => undefined)
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => running?.kill(signal))

const run = (title, command, args, options = {}) =>
  new Promise((resolve) => {
    if (title !== '') console.log(title)
    running = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
    running.once('error', (error) => {
      console.error(`${command}: ${error.message}`)
      process.exit(1)
    })
    running.once('exit', (status, signal) => {
      if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1))
      resolve()
    })
  })

if (!isInstalled()) {
  // npm run tells where npm is; without it, the one on the PATH. The compiler is a development dependency.
  const npm = process.env.npm_execpath
  const ci = ['ci', '--include=dev', '--no-fund', '--no-audit']
  if (npm) await run('Installing dependencies …', process.execPath, [npm, ...ci])
  else await run('Installing dependencies …', 'npm', ci, { shell: process.platform === 'win32' })
}
await run('Building …', process.execPath, [join('tools', 'build.mjs')])
await run('', process.execPath, [join('bin', 'openassist'), 'quickstart', ...process.argv.slice(2)])
