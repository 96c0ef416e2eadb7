// The simulator (`src/simulator`) as a process of its own. Its hosts are those of a seeded directory. Argument: the order
// as JSON.
import { readFileSync } from 'node:fs'
import { type Simulator, startSimulator } from '../../src/simulator/start-simulator.js'
import { hostOf, privateKeys } from '../data/hosts.js'
import { obey, tellReady } from '../measure/controlled.js'
import { outputOf } from './run-command.js'
import type { Count, FleetOrder } from './simulated-fleet.js'

const order = JSON.parse(process.argv[2] ?? '{}') as FleetOrder
const keys = privateKeys()
const hosts = Array.from({ length: order.agents }, (_, index) => {
  const { instanceId, machineId, pair } = hostOf(order.from + index)
  const key = keys[pair]
  if (key === undefined) throw new Error(`there is no key pair ${pair}`)
  return { instanceId, machineId, key }
})

const simulator: Simulator = await startSimulator({
  agents: order.agents,
  server: `127.0.0.1:${order.port}`,
  ca: readFileSync(order.caFile, 'utf8'),
  permits: [],
  hosts,
  keys: 1,
  heartbeat: false,
  output: ({ host }) => outputOf(order.from + host),
})

obey({
  up: () => simulator.ready,
  signAhead: (given) => {
    const { requests, forLaterMs } = given as { requests: number; forLaterMs: number }
    return simulator.signAhead(requests, forLaterMs)
  },
  hold: () => simulator.hold(),
  release: () => simulator.release(),
  counters: () => ({ ...simulator.counters }),
  errors: () => Object.fromEntries(simulator.errors),
  until: (given) => {
    const { counts, mostMs } = given as { counts: readonly Count[]; mostMs: number }
    return simulator.until(
      (counters) => counts.every(({ of, atLeast }) => of.reduce((sum, name) => sum + counters[name], 0) >= atLeast),
      mostMs,
    )
  },
})
tellReady({})
