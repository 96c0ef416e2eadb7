// Budget: from a start after SIGKILL, with full write-ahead logs and years of data, to the first answered signed heartbeat
// and to the first answered status page. Both are asked for from the moment the process is started, as agents and callers
// do that found no server. The files are in the system's cache, as they are after a kill; the floor is a bare TLS server.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { copyOf, drop } from './data/directory.js'
import { factsOf, fullDirectory } from './data/full.js'
import { heartBeat } from './load/agent-requests.js'
import { signedHeaders } from './load/signatures.js'
import { signedGet } from './load/signed-calls.js'
import { secureTarget, type Target, Wire } from './load/wire.js'
import { Measured } from './measure/process.js'
import { cpuSeconds, ENVIRONMENT, freePort, Program, serveArguments } from './measure/program.js'
import { median } from './measure/statistics.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { ourServer } from './server/our-server.js'
import { caFileOf } from './server/start.js'

const hosts = isQuick() ? 100_000 : 1_000_000
const tasks = isQuick() ? 1_000_000 : 10_000_000
const ROUNDS = isQuick() ? 3 : 5
/** Sixteen times the length at which SQLite takes a log over. */
const LOG_BYTES = 64 * 1_024 * 1_024
const LIMIT_MS = 120_000
/** What is seeded is not too old to be kept, whenever it was seeded. */
const SETTINGS = { OPENASSIST_RETENTION_DAYS: '36500' }

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Of a start to its first answer. */
interface Answered {
  readonly milliseconds: number
  /** Seconds of CPU: what it would take on a machine that does nothing else, or a little less. */
  readonly cpu: number
}

/** Asks until it is answered. */
const firstAnswer = async (pid: number, begun: number, target: Target, request: string): Promise<Answered> => {
  while (performance.now() - begun < LIMIT_MS) {
    const wire = await Wire.open(target).catch(() => undefined)
    if (wire === undefined) {
      await pause(5)
      continue
    }
    const { status, body } = await wire.request(request)
    wire.close()
    if (status !== 200) throw new Error(`the first answer is ${status}: ${body.toString('utf8').slice(0, 300)}`)
    return { milliseconds: performance.now() - begun, cpu: cpuSeconds(pid) }
  }
  throw new Error(`no answer within ${LIMIT_MS / 1_000} s`)
}

const directory = await copyOf(await fullDirectory(hosts, tasks))
const ports = { plain: await freePort(), tls: await freePort() }
const log = join(directory, 'serve.log')
const start = (): Program => new Program(serveArguments(directory, ports), log, { ...ENVIRONMENT, ...SETTINGS })
const aHeartBeat = async (): Promise<string> => {
  // By a clock that is ahead: the server refuses what was signed before it started.
  const at = Date.now() + 60_000
  const [headers] = await signedHeaders(1, 1, { from: Math.floor(Math.random() * hosts), at })
  return heartBeat(headers?.[0] ?? '', 0)
}
const aPage = (): string => signedGet('DescribeCloudAssistantStatus', { PageNumber: '1', PageSize: '50' })
const sureOf = <T>(program: Program, answers: Promise<T>): Promise<T> =>
  Promise.race([
    answers,
    program.done().then(() => {
      throw new Error('the server ended')
    }),
  ])

let server = start()
const beat = await aHeartBeat()
await sureOf(server, firstAnswer(server.pid, performance.now(), secureTarget(ports.tls, caFileOf(directory)), beat))

const beats: Answered[] = []
const pages: Answered[] = []
const floors: Answered[] = []
let filled = { facts: 0, presence: 0 }
for (let round = 0; round < ROUNDS; round++) {
  const writer = new Measured('server/wal-process.js', {
    args: [directory, String(hosts), String(tasks), String(LOG_BYTES)],
  })
  await writer.ready
  filled = await writer.ask('fill')
  await server.stop('SIGKILL')
  await writer.kill()
  const target = secureTarget(ports.tls, caFileOf(directory))
  const [request, page] = [await aHeartBeat(), aPage()]

  const floorPort = await freePort()
  const floorBegun = performance.now()
  const floor = new Measured('floor/socket-floor.js', { args: [join(directory, 'tls.pem'), String(floorPort)] })
  floors.push(await firstAnswer(floor.pid, floorBegun, { ...target, port: floorPort }, request))
  await floor.end()

  const begun = performance.now()
  server = start()
  const [heart, first] = await sureOf(
    server,
    Promise.all([
      firstAnswer(server.pid, begun, target, request),
      firstAnswer(server.pid, begun, { port: ports.plain }, page),
    ]),
  )
  beats.push(heart)
  pages.push(first)
}
await server.stop('SIGKILL')

const text = (times: readonly Answered[]): string =>
  `${times.map(({ milliseconds }) => (milliseconds / 1_000).toFixed(2)).join(', ')} s, of it CPU ${median(times.map(({ cpu }) => cpu)).toFixed(2)} s`
const row = (what: string, times: readonly Answered[]): void =>
  tell({
    what: `start after SIGKILL, ${hosts.toLocaleString('en')} instances, ${tasks.toLocaleString('en')} tasks, full logs: to the first answered ${what}`,
    value: median(times.map(({ milliseconds }) => milliseconds)) / 1_000,
    unit: 's',
    must: 2,
    aim: 0.7,
    direction: 'atMost',
    ours: text(times),
    floor: `a bare TLS server to its first answer: ${text(floors)}`,
  })
row('signed heartbeat', beats)
row('status page', pages)
const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`
note(
  `facts ${megabytes(statSync(factsOf(directory)).size)}, logs ${megabytes(filled.facts)} and ${megabytes(filled.presence)}`,
)

// What is loaded behind the open listeners must not hold the answers up. Here it is loaded a second time beside the start's own
// load, while the full logs are taken over into the files: rather more than a start does.
const watched = ourServer(directory, SETTINGS)
await watched.ready
await watched.ask('watchLoop')
const begun = performance.now()
await watched.ask('warm')
const loading = performance.now() - begun
note(
  `presence and lists, loaded twice: ${(loading / 1_000).toFixed(1)} s behind the listeners, longest block ` +
    `${(await watched.ask<number>('longestBlock')).toFixed(0)} ms`,
)
await watched.kill()
drop(directory)
process.exit(0)
