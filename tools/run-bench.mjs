// Runs the benchmarks of design §8, each as a process of its own, and prints what they found against the budgets.
//
//   npm run bench                       all
//   npm run bench -- status-page xml    some
//   npm run bench -- --quick            smaller sizes, for a look
//   npm run bench -- --write            puts what was measured into the table of bench/RESULTS.md
//   npm run bench -- --profile DIR      measured processes write CPU profiles into DIR
import { fork, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeResults } from './bench-results.mjs'

const BENCHES = [
  'status-page',
  'status-by-id',
  'xml',
  'heartbeats',
  'presence-flush',
  'retention',
  'history-pages',
  'submit',
  'fan-out',
  'memory',
  'connects',
  'restart',
  'cold-start',
  'idle',
  'npm-ci',
]

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const args = process.argv.slice(2)
const profileAt = args.indexOf('--profile')
const profileDir = profileAt < 0 ? undefined : args.splice(profileAt, 2)[1]
const flags = new Set(args.filter((arg) => arg.startsWith('--')))
const names = args.filter((arg) => !arg.startsWith('--'))
const unknown = [
  ...names.filter((name) => !BENCHES.includes(name)),
  ...[...flags].filter((flag) => flag !== '--quick' && flag !== '--write'),
]
if (unknown.length > 0 || (profileAt >= 0 && profileDir === undefined)) {
  console.error(`Unknown: ${unknown.join(', ') || '--profile without a directory'}. Benches: ${BENCHES.join(', ')}.`)
  console.error('Options: --quick, --write, --profile DIR.')
  process.exit(2)
}

const built = spawnSync(process.execPath, [join(root, 'tools', 'build.mjs')], { cwd: root, stdio: 'inherit' })
if (built.status !== 0) process.exit(built.status ?? 1)

const memory = `${Math.round(totalmem() / 2 ** 30)} GB`
console.log(
  `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${memory}, Node ${process.versions.node}, ${process.platform}`,
)
if (loadavg()[0] > 0.5) console.log(`Other work runs beside this: load ${loadavg()[0].toFixed(1)}.`)

const measurements = []
const failed = []

/** One bench; what it measured comes over the channel, what it says goes to the terminal. */
const run = (name) =>
  new Promise((done) => {
    console.log(`\n── ${name} ${'─'.repeat(Math.max(3, 76 - name.length))}`)
    const begun = performance.now()
    const child = fork(join(root, 'dist', 'bench', `${name}.js`), flags.has('--quick') ? ['--quick'] : [], {
      cwd: root,
      execArgv: [],
      env: {
        ...process.env,
        ...(profileDir === undefined ? {} : { OPENASSIST_BENCH_CPU_PROF: resolve(profileDir) }),
      },
    })
    child.on('message', ({ measurement }) => {
      if (measurement !== undefined) measurements.push({ name, ...measurement })
    })
    child.on('exit', (code, signal) => {
      if (code !== 0) {
        failed.push(name)
        console.error(`\n${name} failed (${signal ?? `exit ${code}`})`)
      }
      console.log(`  ${name} took ${((performance.now() - begun) / 1_000).toFixed(0)} s`)
      done()
    })
  })

if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true })
for (const name of BENCHES.filter((one) => names.length === 0 || names.includes(one))) await run(name)

const holds = ({ value, direction }, limit) => (direction === 'atLeast' ? value >= limit : value <= limit)
const verdict = (one) => (holds(one, one.aim) ? 'PASS, aim' : holds(one, one.must) ? 'PASS' : 'MISS')
const number = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2))
const limit = ({ direction, unit }, value) => `${direction === 'atLeast' ? '≥' : '≤'} ${value} ${unit}`

console.log(`\n── all ${'─'.repeat(73)}\n`)
for (const one of measurements) {
  console.log(
    `${verdict(one).padEnd(10)} ${`${number(one.value)} ${one.unit}`.padStart(12)}  must ${limit(one, one.must)}, aim ${limit(one, one.aim)}   ${one.name}: ${one.what}`,
  )
}
if (failed.length > 0) console.log(`\nfailed: ${failed.join(', ')}`)

if (flags.has('--write') && measurements.length > 0) {
  const file = join(root, 'bench', 'RESULTS.md')
  const when = `${new Date().toISOString().slice(0, 10)}${flags.has('--quick') ? ', quick' : ''}`
  const rows = measurements.map((one) => [
    one.name,
    one.what,
    `${number(one.value)} ${one.unit}`,
    limit(one, one.must),
    limit(one, one.aim),
    verdict(one),
    one.ours,
    one.floor,
    when,
  ])
  writeResults(file, BENCHES, rows)
  console.log(`\nwritten to ${file}; see that it names this machine`)
}
process.exit(failed.length > 0 ? 1 : 0)
