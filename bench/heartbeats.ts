// Budget: signed heartbeats over kept-alive TLS against the report floor without the row.
//
// The load generator's own requests, not the simulator's agents: those beat once a minute, and this asks how many beats a
// second the server takes. The same bytes go to both sides.
import { join } from 'node:path'
import { copyOf, drop, kept } from './data/directory.js'
import { seedHosts } from './data/seed.js'
import { heartBeat } from './load/agent-requests.js'
import { compare, roundText, type Side } from './load/rounds.js'
import { signedHeaders } from './load/signatures.js'
import { secureTarget, Wire } from './load/wire.js'
import { Measured } from './measure/process.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { ourServer } from './server/our-server.js'
import { caFileOf } from './server/start.js'

const HOSTS = 1_000
const CONNECTIONS = 64
const MOST = 9_000
const ROUND_MS = 1_000
const ROUNDS = isQuick() ? 2 : 7

const directory = await copyOf(await kept(`hosts-${HOSTS}`, (into) => seedHosts(into, HOSTS)))
const server = ourServer(directory)
const { tls } = await server.ready
const floor = new Measured<{ tls: number }>('floor/report-floor.js', {
  args: [directory, join(directory, 'tls.pem'), String(HOSTS)],
})
const floorPort = (await floor.ready).tls

const side = async (process: Measured<unknown>, port: number): Promise<Side> => ({
  process,
  wires: await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, number) => Wire.open(secureTarget(port, caFileOf(directory)), number)),
  ),
  // The hosts come round in turn, as their beats do.
  async prepare(count) {
    const perHost = Math.ceil(count / HOSTS)
    const headers = await signedHeaders(HOSTS, perHost)
    return Array.from({ length: perHost * HOSTS }, (_, number) => {
      const beat = Math.floor(number / HOSTS)
      return heartBeat(headers[number % HOSTS]?.[beat] ?? '', beat + 1)
    })
  },
  check: (body) => (body.includes('"nextInterval"') ? undefined : 'a heartbeat was not answered as one'),
})

const compared = await compare(await side(server, tls), await side(floor, floorPort), {
  rounds: ROUNDS,
  milliseconds: ROUND_MS,
  most: MOST,
})
tell({
  what: `signed heartbeats over kept-alive TLS, ${HOSTS.toLocaleString('en')} hosts in turn: throughput against the report floor without the row`,
  value: compared.rateRatio,
  unit: '×',
  must: 0.5,
  aim: 0.8,
  direction: 'atLeast',
  ours: roundText(compared.ours),
  floor: roundText(compared.floor),
})
note(`by the server's CPU: ${compared.cpuRatio.toFixed(2)} ×`)
await Promise.all([server.end(), floor.end()])
drop(directory)
process.exit(0)
