// Budget: memory per connected idle agent against the socket floor. Resident memory after a collection, between the
// smaller and the larger scale point, so that what the program itself needs does not count. The agents are the simulator's.
import { join } from 'node:path'
import { copyOf, drop, kept } from './data/directory.js'
import { seedHosts } from './data/seed.js'
import { SimulatedFleet } from './load/simulated-fleet.js'
import { agentsHere } from './measure/descriptors.js'
import { Measured } from './measure/process.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { ourServer } from './server/our-server.js'
import { caFileOf } from './server/start.js'

const HOSTS = 8_000
const [few, many] = isQuick() ? [200, 1_000] : [1_000, agentsHere(HOSTS)]

const directory = await copyOf(await kept(`hosts-${HOSTS}`, (into) => seedHosts(into, HOSTS)))

/** Bytes per agent. */
const perAgent = async (name: string, process: Measured<{ tls: number }>): Promise<number> => {
  const { tls: port } = await process.ready
  const connect = (agents: number, from: number): Promise<SimulatedFleet> =>
    SimulatedFleet.connect({ port, caFile: caFileOf(directory), agents, from })
  const settled = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, isQuick() ? 1_000 : 5_000))
    return process.ask<number>('memory')
  }
  const begun = await process.ask<number>('memory')
  const first = await connect(few, 0)
  const atFew = await settled()
  const rest = await connect(many - few, few)
  const atMany = await settled()
  const connected = await process.ask<number>('connected')
  if (connected !== many) throw new Error(`${connected} of ${many} agents are connected`)
  await Promise.all([first.end(), rest.end()])
  note(`${name}: ${mb(begun)} without agents, ${mb(atFew)} with ${few}, ${mb(atMany)} with ${many}`)
  await process.end()
  return (atMany - atFew) / (many - few)
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

const floor = await perAgent(
  'floor',
  new Measured<{ tls: number }>('floor/socket-floor.js', { args: [join(directory, 'tls.pem')] }),
)
const ours = await perAgent('ours', ourServer(directory, { OPENASSIST_MAX_AGENTS: String(HOSTS) }))
tell({
  what: `memory per connected idle agent, from ${few.toLocaleString('en')} to ${many.toLocaleString('en')} agents, against the socket floor`,
  value: ours / floor,
  unit: '×',
  must: 1.6,
  aim: 1.2,
  direction: 'atMost',
  ours: `${(ours / 1_000).toFixed(1)} KB`,
  floor: `${(floor / 1_000).toFixed(1)} KB`,
})
drop(directory)
process.exit(0)
