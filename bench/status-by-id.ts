// Budget: the status of one instance by its id, against the call floor.
import { kept } from './data/directory.js'
import { instanceIdOf } from './data/hosts.js'
import { seedHosts } from './data/seed.js'
import { compare, roundText, type Side } from './load/rounds.js'
import { signedGet } from './load/signed-calls.js'
import { Wire } from './load/wire.js'
import { Measured } from './measure/process.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { ourServer } from './server/our-server.js'

const CONNECTIONS = 16
const HOSTS_OF_FLOOR = 50_000
const many = isQuick() ? 100_000 : 1_000_000

const side = async (process: Measured<unknown>, port: number, hosts: number): Promise<Side> => ({
  process,
  wires: await Promise.all(Array.from({ length: CONNECTIONS }, () => Wire.open({ port }))),
  prepare: (count) =>
    Array.from({ length: count }, () =>
      signedGet('DescribeCloudAssistantStatus', { 'InstanceId.1': instanceIdOf(Math.floor(Math.random() * hosts)) }),
    ),
  check: (body) => (body.includes('mi-hz0') ? undefined : 'an answer names no instance'),
})

const directory = await kept(`hosts-${many}`, (into) => seedHosts(into, many))
const server = ourServer(directory)
const floor = new Measured<{ plain: number }>('floor/call-floor.js')
const { plain } = await server.ready
await server.ask('warm')
const compared = await compare(
  await side(server, plain, many),
  await side(floor, (await floor.ready).plain, HOSTS_OF_FLOOR),
  { rounds: isQuick() ? 3 : 11, milliseconds: 1_000, most: 25_000 },
)
tell({
  what: `status of one instance by id, ${many.toLocaleString('en')} instances: throughput against the call floor`,
  value: compared.rateRatio,
  unit: '×',
  must: 0.6,
  aim: 0.8,
  direction: 'atLeast',
  ours: roundText(compared.ours),
  floor: roundText(compared.floor),
})
note(`by the server's CPU: ${compared.cpuRatio.toFixed(2)} ×`)
await Promise.all([server.end(), floor.end()])
process.exit(0)
