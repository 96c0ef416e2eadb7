// One RunCommand with 10,000 targets, from the call until it is acknowledged, against its rows inserted bare; and for how long
// it holds the event loop. The hosts count as live, and none is connected: nothing is handed out meanwhile.
import { copyOf, drop, kept } from './data/directory.js'
import { seedHosts } from './data/seed.js'
import { runCommand } from './load/run-command.js'
import { Wire } from './load/wire.js'
import { Measured } from './measure/process.js'
import { median, medianRatio } from './measure/statistics.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { ourServer } from './server/our-server.js'
import { SqliteConnection } from '../src/server/storage/sqlite/driver.js'
import { sqliteFiles } from '../src/server/storage/sqlite/database.js'

const TARGETS = 10_000
const ROUNDS = isQuick() ? 5 : 15
const targets = Array.from({ length: TARGETS }, (_, number) => number)

const directory = await copyOf(await kept(`hosts-${TARGETS}`, (into) => seedHosts(into, TARGETS)))
/** All are of one system, and were heard just now: a command for Linux is refused as a whole where one is of another. */
const prepare = (): void => {
  const files = sqliteFiles(directory)
  const facts = new SqliteConnection(files.facts, [])
  facts.runSync(`update instance set os_type = 'Linux'`, [])
  facts.close()
  const presence = new SqliteConnection(files.presence, [])
  presence.runSync('update presence set last_seen_at = $1', [Date.now()])
  presence.close()
}
prepare()
const server = ourServer(directory, { OPENASSIST_INSTANCES_PER_INVOCATION: String(TARGETS) })
const floor = new Measured('floor/insert-floor.js', { args: [directory, String(TARGETS)] })
const { plain } = await server.ready
await floor.ready
await server.ask('warm')
const wire = await Wire.open({ port: plain })

interface Round {
  readonly milliseconds: number
  /** Microseconds of CPU. */
  readonly cpu: number
  readonly block: number
}

const timed = async (process: Measured<unknown>, work: () => Promise<unknown>): Promise<Round> => {
  await process.ask('watchLoop')
  const before = await process.usage()
  const begun = performance.now()
  await work()
  const milliseconds = performance.now() - begun
  const after = await process.usage()
  return { milliseconds, cpu: after.cpu - before.cpu, block: await process.ask<number>('longestBlock') }
}

const ours: Round[] = []
const bare: Round[] = []
// Rounds below 0 warm up.
for (let round = -2; round < ROUNDS; round++) {
  const floorRound = await timed(floor, () => floor.ask('insert'))
  const ourRound = await timed(server, () => runCommand(wire, targets))
  if (round < 0) continue
  ours.push(ourRound)
  bare.push(floorRound)
}
const text = (rounds: readonly Round[]): string => {
  const of = (read: (round: Round) => number): number => median(rounds.map(read))
  const worst = Math.max(...rounds.map(({ block }) => block))
  return `${of(({ milliseconds }) => milliseconds).toFixed(0)} ms, ${(of(({ cpu }) => cpu) / 1_000).toFixed(0)} ms CPU; longest block ${of(({ block }) => block).toFixed(1)} ms in the median of the rounds, ${worst.toFixed(1)} ms in the worst`
}
const what = `RunCommand with ${TARGETS.toLocaleString('en')} targets until it is acknowledged`
tell({
  what: `${what}: speed against its rows inserted bare`,
  value: medianRatio(
    bare.map(({ milliseconds }) => milliseconds),
    ours.map(({ milliseconds }) => milliseconds),
  ),
  unit: '×',
  must: 0.2,
  aim: 0.4,
  direction: 'atLeast',
  ours: text(ours),
  floor: text(bare),
})
note(`${(TARGETS / (median(ours.map(({ milliseconds }) => milliseconds)) / 1_000)).toFixed(0)} targets/s`)
tell({
  what: `${what}: longest block of the event loop`,
  value: median(ours.map(({ block }) => block)),
  unit: 'ms',
  must: 50,
  aim: 20,
  direction: 'atMost',
  ours: text(ours),
  floor: text(bare),
})
await Promise.all([server.kill(), floor.kill()])
drop(directory)
process.exit(0)
