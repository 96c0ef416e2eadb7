// Budget: one RunCommand on all connected agents, from the call until every output is durable and readable, against the
// report floor of as many fetches and twice as many reports. The agents are the simulator's, in a process of its own and
// with signatures made beforehand; the floor is driven by bare requests, which cost the load generator less, so what the
// simulator costs more counts against us.
import { join } from 'node:path'
import { copyOf, drop, kept } from './data/directory.js'
import { seedHosts } from './data/seed.js'
import { finish, heartBeat, running } from './load/agent-requests.js'
import { forEach } from './load/fleet.js'
import { checkOutputs, isFinished, outputOf, REQUESTS_PER_COMMAND, runCommand } from './load/run-command.js'
import { signedHeaders } from './load/signatures.js'
import { SimulatedFleet } from './load/simulated-fleet.js'
import { secureTarget, Wire } from './load/wire.js'
import { agentsHere } from './measure/descriptors.js'
import { Measured } from './measure/process.js'
import { median } from './measure/statistics.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { ourServer } from './server/our-server.js'
import { caFileOf } from './server/start.js'

const HOSTS = 8_000
const [few, many] = isQuick() ? [200, 1_000] : [1_000, agentsHere(HOSTS)]
/** Commands before the first that counts: until then, code of both servers is being compiled. */
const WARM_UP_TASKS = isQuick() ? 1_000 : 8_000
/** No command takes so long. */
const LIMIT_MS = 120_000
/** The floor's connections: with two sockets for each agent there is no room for more below 20,000 descriptors. */
const FLOOR_WIRES = isQuick() ? 200 : 1_000

const directory = await copyOf(await kept(`hosts-${HOSTS}`, (into) => seedHosts(into, HOSTS)))
const server = ourServer(directory, {
  OPENASSIST_INSTANCES_PER_INVOCATION: String(HOSTS),
  OPENASSIST_MAX_AGENTS: String(HOSTS),
})
const { tls, plain } = await server.ready
const floor = new Measured<{ tls: number }>('floor/report-floor.js', {
  args: [directory, join(directory, 'tls.pem'), String(HOSTS)],
})
const floorTarget = secureTarget((await floor.ready).tls, caFileOf(directory))
const floorWires = await forEach(FLOOR_WIRES, 32, (number) => Wire.open(floorTarget, number))

interface Run {
  /** Tasks per second. */
  readonly rate: number
  /** Microseconds of the server's CPU per task. */
  readonly cpu: number
  /** Share of the time in which the server's event loop was busy. */
  readonly busy: number
  /** Milliseconds; the longest of a round. */
  readonly block: number
  /** The longest of all rounds: what else the machine did is in it. */
  readonly worstBlock: number
  /** Microseconds of the load generator's CPU per task. */
  readonly load: number
}

const measured = async (
  process: Measured<unknown>,
  count: number,
  work: () => Promise<void>,
): Promise<Omit<Run, 'load'>> => {
  await process.ask('watchLoop')
  const before = await process.usage()
  const begun = performance.now()
  await work()
  const elapsed = performance.now() - begun
  const after = await process.usage()
  const block = await process.ask<number>('longestBlock')
  return {
    rate: (count * 1_000) / elapsed,
    cpu: (after.cpu - before.cpu) / count,
    busy: (after.busy - before.busy) / elapsed,
    block,
    worstBlock: block,
  }
}

const ours = async (fleet: SimulatedFleet): Promise<Run> => {
  await fleet.signAhead(REQUESTS_PER_COMMAND)
  const { finished } = await fleet.counters()
  const { cpu } = await fleet.process.usage()
  // The server closes a connection on which no request comes.
  const operator = await Wire.open({ port: plain })
  let invokeId = ''
  const run = await measured(server, fleet.agents, async () => {
    const done = fleet.until([{ of: ['finished'], atLeast: finished + fleet.agents }], LIMIT_MS)
    invokeId = await runCommand(operator, fleet.numbers)
    await done
    while (!(await isFinished(operator, invokeId)));
  })
  const load = ((await fleet.process.usage()).cpu - cpu) / fleet.agents
  await checkOutputs(operator, invokeId, fleet.numbers)
  operator.close()
  return { ...run, load }
}

const bare = async (count: number): Promise<Run> => {
  const headers = await signedHeaders(count, REQUESTS_PER_COMMAND)
  const before = process.cpuUsage()
  const run = await measured(floor, count, async () => {
    let next = 0
    await Promise.all(
      floorWires.map(async (wire) => {
        while (next < count) {
          const number = next++
          const [first = '', second = '', third = ''] = headers[number] ?? []
          const taskId = `t-hz0${number.toString().padStart(20, '0')}`
          for (const bytes of [
            heartBeat(first, 0),
            running(second, taskId, Date.now()),
            finish(third, taskId, Date.now(), outputOf(number)),
          ]) {
            const { status } = await wire.request(bytes)
            if (status !== 200) throw new Error(`the floor answered ${status}`)
          }
        }
      }),
    )
  })
  const { user, system } = process.cpuUsage(before)
  return { ...run, load: (user + system) / count }
}

const rounds = async (agents: number, count: number): Promise<{ ours: Run; floor: Run; ratio: number }> => {
  const fleet = await SimulatedFleet.connect({ port: tls, caFile: caFileOf(directory), agents, from: 0 })
  const all: { ours: Run; floor: Run }[] = []
  for (let round = -WARM_UP_TASKS / agents; round < count; round++) {
    const pair = { floor: await bare(agents), ours: await ours(fleet) }
    if (round >= 0) all.push(pair)
  }
  await fleet.end()
  const of = (runs: readonly Run[]): Run => ({
    rate: median(runs.map(({ rate }) => rate)),
    cpu: median(runs.map(({ cpu }) => cpu)),
    busy: median(runs.map(({ busy }) => busy)),
    block: median(runs.map(({ block }) => block)),
    worstBlock: Math.max(...runs.map(({ worstBlock }) => worstBlock)),
    load: median(runs.map(({ load }) => load)),
  })
  return {
    ours: of(all.map((pair) => pair.ours)),
    floor: of(all.map((pair) => pair.floor)),
    ratio: median(all.map((pair) => pair.ours.rate / pair.floor.rate)),
  }
}

const blockText = ({ block, worstBlock }: Run): string =>
  `${block.toFixed(1)} ms in the median of the rounds, ${worstBlock.toFixed(1)} ms in the worst`

const text = (run: Run): string =>
  `${run.rate.toFixed(0)} tasks/s, ${run.cpu.toFixed(0)} µs CPU each, event loop ${(run.busy * 100).toFixed(0)} % busy; longest block ${blockText(run)}`

const small = await rounds(few, isQuick() ? 3 : 5)
const large = await rounds(many, isQuick() ? 3 : 5)

tell({
  what: `one command on ${few.toLocaleString('en')} connected agents until every output is durable and readable: tasks per second against the report floor`,
  value: small.ratio,
  unit: '×',
  must: 0.4,
  aim: 0.7,
  direction: 'atLeast',
  ours: text(small.ours),
  floor: text(small.floor),
})

const what = `one command on ${many.toLocaleString('en')} connected agents until every output is durable and readable`
tell({
  what: `${what}: tasks per second against the report floor`,
  value: large.ratio,
  unit: '×',
  must: 0.4,
  aim: 0.7,
  direction: 'atLeast',
  ours: text(large.ours),
  floor: text(large.floor),
})
note(`by the server's CPU: ${(large.floor.cpu / large.ours.cpu).toFixed(2)} ×`)
note(`the load generator: ${large.ours.load.toFixed(0)} µs CPU each, for the floor ${large.floor.load.toFixed(0)} µs`)
tell({
  what: `linear from ${few.toLocaleString('en')} to ${many.toLocaleString('en')} agents: CPU per task at the larger against the smaller`,
  value: large.ours.cpu / small.ours.cpu,
  unit: '×',
  must: 1.3,
  aim: 1.1,
  direction: 'atMost',
  ours: `${large.ours.cpu.toFixed(0)} µs at ${many}`,
  floor: `${small.ours.cpu.toFixed(0)} µs at ${few}`,
})
tell({
  what: `${what}: longest block of the event loop`,
  value: large.ours.block,
  unit: 'ms',
  must: 50,
  aim: 20,
  direction: 'atMost',
  ours: blockText(large.ours),
  floor: blockText(large.floor),
})
await Promise.all([server.end(), floor.end()])
drop(directory)
process.exit(0)
