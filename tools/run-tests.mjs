// npm test, npm run check, npm run check:all. Plain JavaScript: it runs before anything is built.
//
//   node tools/run-tests.mjs                  build, then every ring that must pass
//   node tools/run-tests.mjs --check          format, lint, types, layers, generated files, unit and store tests
//   node tools/run-tests.mjs --check --all    and the other rings
//   node tools/run-tests.mjs --rings a,b      only these rings
//   --node PATH                               run the rings on another Node
//
// The last line is `N passed, N failed` (', N skipped' may follow).
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const RINGS = ['unit', 'store', 'operation', 'conformance', 'authorization', 'e2e']

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    rings: { type: 'string' },
    node: { type: 'string', default: process.execPath },
  },
})

const rings = values.rings?.split(',').filter(Boolean) ?? (values.check && !values.all ? ['unit', 'store'] : RINGS)
const bin = (name, ...path) => join(root, 'node_modules', name, ...path)
const total = { passed: 0, failed: 0, skipped: 0 }
/** What failed, to be named once more where people look first. */
const failures = []

/** Runs a step with its output visible. @returns whether it succeeded */
const run = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options })
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`)
      resolve(false)
    })
    child.once('exit', (code) => resolve(code === 0))
  })

const step = async (title, work) => {
  const begun = Date.now()
  console.log(`\n── ${title}`)
  const passed = await work()
  console.log(`── ${title}: ${passed ? 'passed' : 'FAILED'} (${((Date.now() - begun) / 1000).toFixed(1)} s)`)
  return passed
}

/** A check counts as one test. */
const check = async (title, command, args) => {
  if (await step(title, () => run(command, args))) total.passed += 1
  else {
    total.failed += 1
    failures.push(title)
  }
}

const ring = async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'openassist-run-'))
  const report = join(folder, 'report.json')
  const args = [
    bin('vitest', 'vitest.mjs'),
    'run',
    '--project',
    name,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
  ]
  await step(`ring ${name}`, async () => {
    const ended = await run(values.node, [...args, `--outputFile.json=${report}`], {
      env: { ...process.env, NO_COLOR: '1' },
    })
    if (!existsSync(report)) {
      total.failed += 1
      failures.push(`ring ${name} told nothing`)
      return false
    }
    const told = JSON.parse(readFileSync(report, 'utf8'))
    total.passed += told.numPassedTests
    total.failed += told.numFailedTests
    total.skipped += told.numPendingTests + told.numTodoTests
    // A file that could not be loaded, or something left open, fails without a failed test.
    if (!ended && told.numFailedTests === 0) total.failed += 1
    for (const file of told.testResults) {
      const tests = file.assertionResults.filter(({ status }) => status === 'failed')
      for (const { fullName } of tests) failures.push(`${relative(root, file.name)}: ${fullName}`)
      if (file.status === 'failed' && tests.length === 0) failures.push(relative(root, file.name))
    }
    return ended
  })
  rmSync(folder, { recursive: true, force: true })
}

if (!existsSync(bin('vitest'))) {
  console.error('The dependencies are not installed yet. Run: npm ci')
  process.exit(1)
}
await check('build', process.execPath, [join('tools', 'build.mjs')])
if (total.failed === 0) {
  if (values.check) {
    await check('format', process.execPath, [bin('@biomejs/biome', 'bin', 'biome'), 'format', '.'])
    await check('lint', process.execPath, [bin('oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings'])
    await check('layers', process.execPath, [join('dist', 'tools', 'check-layers.js')])
    await check('generated files', process.execPath, [join('dist', 'tools', 'generate.js'), '--check'])
  }
  for (const name of rings) await ring(name)
}
for (const failure of failures) console.log(`\nFAILED ${failure}`)
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exit(total.failed > 0 ? 1 : 0)
