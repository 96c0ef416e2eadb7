// Budget: the same page as XML and as JSON, by the server's CPU.
import { kept } from './data/directory.js'
import { seedHosts } from './data/seed.js'
import { load, roundText, type Round, type Side } from './load/rounds.js'
import { signedGet } from './load/signed-calls.js'
import { Wire } from './load/wire.js'
import { median } from './measure/statistics.js'
import { isQuick, tell } from './measure/verdict.js'
import { ourServer } from './server/our-server.js'

const CONNECTIONS = 16
const many = isQuick() ? 100_000 : 1_000_000
const pages = many / 100
const ROUNDS = isQuick() ? 3 : 11

const directory = await kept(`hosts-${many}`, (into) => seedHosts(into, many))
const server = ourServer(directory)
const { plain } = await server.ready
await server.ask('warm')
const wires = await Promise.all(Array.from({ length: CONNECTIONS }, () => Wire.open({ port: plain })))

const side = (format: string): Side => ({
  process: server,
  wires,
  prepare: (count) =>
    Array.from({ length: count }, () =>
      signedGet(
        'DescribeCloudAssistantStatus',
        { PageNumber: String(1 + Math.floor(Math.random() * pages)), PageSize: '50' },
        format,
      ),
    ),
  check: (body) => ((body[0] === 0x3c) === (format === 'XML') ? undefined : 'an answer has the other format'),
})

const xml: Round[] = []
const json: Round[] = []
for (let number = -1; number < ROUNDS; number++) {
  for (const [format, rounds] of [
    ['JSON', json],
    ['XML', xml],
  ] as const) {
    const of = side(format)
    const round = await load(of, await of.prepare(15_000), 1_000)
    if (number >= 0) rounds.push(round)
  }
}
const typical = (rounds: readonly Round[]): string =>
  roundText(rounds.toSorted((a, b) => a.cpu - b.cpu)[Math.floor(rounds.length / 2)] as Round)
tell({
  what: 'the same page of 50 as XML against as JSON: CPU of the server',
  value: median(xml.map(({ cpu }, index) => cpu / (json[index]?.cpu ?? Number.NaN))),
  unit: '×',
  must: 2,
  aim: 1.5,
  direction: 'atMost',
  ours: `XML ${typical(xml)}`,
  floor: `JSON ${typical(json)}`,
})
await server.end()
process.exit(0)
