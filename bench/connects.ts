// Budget: notify sockets accepted and authenticated per second against the socket floor. Both cores are busy, the load
// generator's with its half of the handshakes, so the verdict is the worse of throughput and CPU of the server.
//
// The load generator's own sockets, not the simulator's agents: those beat and ask for tasks as they come up, and this
// measures the sockets alone.
import { join } from 'node:path'
import { copyOf, drop, kept } from './data/directory.js'
import { seedHosts } from './data/seed.js'
import { dialNotify, forEach } from './load/fleet.js'
import { signedHeaders } from './load/signatures.js'
import { secureTarget, type Target } from './load/wire.js'
import { Measured } from './measure/process.js'
import { median, medianRatio } from './measure/statistics.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { ourServer } from './server/our-server.js'
import { caFileOf } from './server/start.js'

const HOSTS = 1_000
const CONCURRENCY = 64
const perRound = isQuick() ? 300 : HOSTS
const ROUNDS = isQuick() ? 2 : 7

interface Round {
  readonly rate: number
  readonly cpu: number
}

const directory = await copyOf(await kept(`hosts-${HOSTS}`, (into) => seedHosts(into, HOSTS)))
const server = ourServer(directory)
const floor = new Measured<{ tls: number }>('floor/socket-floor.js', { args: [join(directory, 'tls.pem')] })
const targets = new Map<Measured<{ tls: number }>, Target>()
for (const side of [server, floor]) targets.set(side, secureTarget((await side.ready).tls, caFileOf(directory)))

const connect = async (side: Measured<{ tls: number }>): Promise<Round> => {
  const target = targets.get(side) as Target
  const headers = await signedHeaders(perRound, 1)
  const before = await side.usage()
  const begun = performance.now()
  const sockets = await forEach(perRound, CONCURRENCY, (number) =>
    dialNotify(target, number, headers[number]?.[0] ?? ''),
  )
  const elapsed = performance.now() - begun
  const after = await side.usage()
  for (const { socket } of sockets) socket.destroy()
  while ((await side.ask<number>('connected')) > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  return { rate: (perRound * 1_000) / elapsed, cpu: (after.cpu - before.cpu) / perRound }
}

const ours: Round[] = []
const bare: Round[] = []
for (let round = -1; round < ROUNDS; round++) {
  const first = await connect(floor)
  const second = await connect(server)
  if (round < 0) continue
  bare.push(first)
  ours.push(second)
}
const byRate = medianRatio(
  ours.map(({ rate }) => rate),
  bare.map(({ rate }) => rate),
)
const byCpu = medianRatio(
  bare.map(({ cpu }) => cpu),
  ours.map(({ cpu }) => cpu),
)
const text = (rounds: readonly Round[]): string =>
  `${median(rounds.map(({ rate }) => rate)).toFixed(0)}/s, ${median(rounds.map(({ cpu }) => cpu)).toFixed(0)} µs CPU each`
tell({
  what: 'notify sockets accepted and authenticated, against the socket floor (the worse of throughput and CPU)',
  value: Math.min(byRate, byCpu),
  unit: '×',
  must: 0.5,
  aim: 0.8,
  direction: 'atLeast',
  ours: text(ours),
  floor: text(bare),
})
note(`by throughput ${byRate.toFixed(2)} ×, by the server's CPU ${byCpu.toFixed(2)} ×`)
await Promise.all([server.end(), floor.end()])
drop(directory)
process.exit(0)
