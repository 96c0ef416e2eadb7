// Budget: a page of 50 of the agent status, among a million instances; against the call floor, against a small fleet,
// and far into the list against its beginning.
import { kept } from './data/directory.js'
import { seedHosts } from './data/seed.js'
import { compare, roundText, type Side } from './load/rounds.js'
import { signedGet } from './load/signed-calls.js'
import { Wire } from './load/wire.js'
import { Measured } from './measure/process.js'
import { median } from './measure/statistics.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { ourServer, type Ports } from './server/our-server.js'

const PAGE = 50
const CONNECTIONS = 16
const FEW = 1_000
const many = isQuick() ? 100_000 : 1_000_000
const lastPage = isQuick() ? 1_000 : 10_000
const ROUNDS = isQuick() ? 3 : 11
const ROUND_MS = 1_000

const page = (number: number): string =>
  signedGet('DescribeCloudAssistantStatus', { PageNumber: String(number), PageSize: String(PAGE) })

const holdsPage = (body: Buffer): string | undefined =>
  body.length > 5_000 ? undefined : 'an answer is too short for a page'

const side = async (process: Measured<unknown>, port: number): Promise<Side> => ({
  process,
  wires: await Promise.all(Array.from({ length: CONNECTIONS }, () => Wire.open({ port }))),
  prepare: (count) => Array.from({ length: count }, () => page(1 + Math.floor(Math.random() * lastPage))),
  check: holdsPage,
})

const manyDirectory = await kept(`hosts-${many}`, (directory) => seedHosts(directory, many))
const fewDirectory = await kept(`hosts-${FEW}`, (directory) => seedHosts(directory, FEW))
const large = ourServer(manyDirectory)
const small = ourServer(fewDirectory)
const floor = new Measured<{ plain: number }>('floor/call-floor.js')
const [largePort, smallPort, floorPort] = await Promise.all([
  large.ready.then(({ plain }: Ports) => plain),
  small.ready.then(({ plain }: Ports) => plain),
  floor.ready.then(({ plain }) => plain),
])
await Promise.all([large.ask('warm'), small.ask('warm')])

const compared = await compare(await side(large, largePort), await side(floor, floorPort), {
  rounds: ROUNDS,
  milliseconds: ROUND_MS,
  most: 15_000,
})
tell({
  what: `status page of ${PAGE}, JSON, ${many.toLocaleString('en')} instances, pages 1 to ${lastPage} at random: throughput against the call floor`,
  value: compared.rateRatio,
  unit: '×',
  must: 0.4,
  aim: 0.7,
  direction: 'atLeast',
  ours: roundText(compared.ours),
  floor: roundText(compared.floor),
})
note(`by the server's CPU: ${compared.cpuRatio.toFixed(2)} ×`)

// Latency: one connection, one call at a time, the cases taking turns.
const largeWire = await Wire.open({ port: largePort })
const smallWire = await Wire.open({ port: smallPort })
const timed = async (wire: Wire, number: number): Promise<number> => {
  const request = page(number)
  const begun = performance.now()
  const { status } = await wire.request(request)
  if (status !== 200) throw new Error(`status ${status}`)
  return performance.now() - begun
}
const times = { few: [] as number[], many: [] as number[], first: [] as number[], last: [] as number[] }
const calls = isQuick() ? 500 : 4_000
for (let call = -200; call < calls; call++) {
  const few = await timed(smallWire, 1 + (Math.abs(call) % (FEW / PAGE)))
  const among = await timed(largeWire, 1 + Math.floor(Math.random() * lastPage))
  const first = await timed(largeWire, 1)
  const last = await timed(largeWire, lastPage)
  if (call < 0) continue
  times.few.push(few)
  times.many.push(among)
  times.first.push(first)
  times.last.push(last)
}
const latency = (what: string, slow: readonly number[], fast: readonly number[]): void =>
  tell({
    what,
    value: median(slow) / median(fast),
    unit: '×',
    must: 1.3,
    aim: 1.1,
    direction: 'atMost',
    ours: `p50 ${(median(slow) * 1_000).toFixed(0)} µs`,
    floor: `p50 ${(median(fast) * 1_000).toFixed(0)} µs`,
  })
latency(
  `a page of ${PAGE}, any page: among ${many.toLocaleString('en')} against among 1,000, p50`,
  times.many,
  times.few,
)
latency(`a page of ${PAGE}: page ${lastPage.toLocaleString('en')} against page 1, p50`, times.last, times.first)

await Promise.all([large.end(), small.end(), floor.end()])
process.exit(0)
