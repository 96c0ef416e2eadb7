// Budget: N agents of the vendor's kind have ended their commands, and their results are pending; the server is killed and
// started again. Every final report must be acknowledged, and every socket back on its first dial. The largest N that
// passes is the documented limit of a node (`maxAgents`).
//
// What the vendor's agent does (agent-protocol.md §4.5, §5.1), the simulator does: a final report is tried four times, two
// seconds apart, then it is lost; a lost socket is dialled once, six seconds later, then not for half an hour. All agents
// do so at the same moment, and each needs two TLS handshakes. The results are let go when the server is killed, so that
// the first try of each fails. The simulator has half of the machine; the floor is a bare TLS server with as many agents,
// which has nothing to take in but the sockets.
import { join } from 'node:path'
import { copyOf, drop, kept } from './data/directory.js'
import { seedHosts } from './data/seed.js'
import { checkOutputs, isFinished, runCommand } from './load/run-command.js'
import { SimulatedFleet } from './load/simulated-fleet.js'
import { Wire } from './load/wire.js'
import { agentsHere } from './measure/descriptors.js'
import { Measured } from './measure/process.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { ourServer, type Ports } from './server/our-server.js'
import { caFileOf } from './server/start.js'

const HOSTS = 8_000
const STEP = 500
const most = isQuick() ? 2_000 : agentsHere(HOSTS)
const LIMIT_MS = 120_000
/** The tries of the final report, the incident report, the dial. */
const REQUESTS = 6
/** Signed for a time after the restart: signing takes a while for so many. */
const FOR_LATER_MS = 120_000

interface Trial {
  readonly passed: boolean
  readonly text: string
}

const seeded = await kept(`hosts-${HOSTS}`, (into) => seedHosts(into, HOSTS))

const sinceOf = (begun: number): number => (performance.now() - begun) / 1_000

/** Kills a server with so many agents that have results, and starts it again. */
const attempt = async (agents: number): Promise<Trial> => {
  const directory = await copyOf(seeded)
  const settings = {
    OPENASSIST_INSTANCES_PER_INVOCATION: String(STEP),
    OPENASSIST_MAX_AGENTS: String(HOSTS + 1_000),
  }
  let server = ourServer(directory, settings)
  const ports: Ports = await server.ready
  const fleet = await SimulatedFleet.connect({ port: ports.tls, caFile: caFileOf(directory), agents, from: 0 })
  await fleet.hold()
  // The commands are given out in portions: how fast that goes is the business of the bench of fan-out.
  const commands: { readonly invokeId: string; readonly hosts: readonly number[] }[] = []
  for (let from = 0; from < agents; from += STEP) {
    const operator = await Wire.open({ port: ports.plain })
    const hosts = fleet.numbers.slice(from, from + STEP)
    commands.push({ invokeId: await runCommand(operator, hosts), hosts })
    operator.close()
    await fleet.until([{ of: ['held'], atLeast: from + hosts.length }], LIMIT_MS)
  }
  await fleet.signAhead(REQUESTS, FOR_LATER_MS)

  const killed = performance.now()
  await server.kill()
  await fleet.release()
  server = ourServer(directory, settings, ports)
  await server.ready
  const up = sinceOf(killed)
  await server.ask('watchLoop')
  const { cpu } = await fleet.process.usage()
  const since = async (of: Parameters<SimulatedFleet['until']>[0][number]['of']): Promise<number> => {
    await fleet.until([{ of, atLeast: agents }], LIMIT_MS)
    return sinceOf(killed)
  }
  const [reported, back] = await Promise.all([since(['finished', 'lost']), since(['returned', 'silent'])])
  const counters = await fleet.counters()
  const usage = await server.usage()
  const load = (await fleet.process.usage()).cpu - cpu
  const { finished, lost, returned, redials, silent } = counters
  const passed = finished === agents && lost === 0 && returned === agents && redials === agents && silent === 0
  if (passed) {
    const reader = await Wire.open({ port: ports.plain })
    for (const { invokeId, hosts } of commands) {
      if (!(await isFinished(reader, invokeId))) throw new Error('every report was taken, and the invocation goes on')
      await checkOutputs(reader, invokeId, hosts)
    }
    reader.close()
  }
  const text =
    `${agents} agents: up after ${up.toFixed(1)} s, ${finished} results taken (${lost} lost) after ${reported.toFixed(1)} s, ` +
    `${returned} sockets back (${silent} silent) after ${back.toFixed(1)} s; CPU ${(usage.cpu / 1e6).toFixed(1)} s, ` +
    `of the simulator ${(load / 1e6).toFixed(1)} s`
  note(
    `${passed ? 'passed' : 'failed'}, ${text}, longest block ${(await server.ask<number>('longestBlock')).toFixed(0)} ms`,
  )
  if (!passed) note(`  ${JSON.stringify(await fleet.errors())}`)
  await fleet.end()
  await server.kill()
  drop(directory)
  return { passed, text }
}

/** The same herd against a server that only has sockets. */
const bare = async (agents: number): Promise<string> => {
  const certificate = join(seeded, 'tls.pem')
  let floor = new Measured<{ tls: number }>('floor/socket-floor.js', { args: [certificate] })
  const { tls: port } = await floor.ready
  const fleet = await SimulatedFleet.connect({ port, caFile: caFileOf(seeded), agents, from: 0 })
  await fleet.signAhead(REQUESTS, FOR_LATER_MS)
  const killed = performance.now()
  await floor.kill()
  floor = new Measured('floor/socket-floor.js', { args: [certificate, String(port)] })
  await floor.ready
  const up = sinceOf(killed)
  await fleet.until([{ of: ['returned', 'silent'], atLeast: agents }], LIMIT_MS)
  const back = sinceOf(killed)
  const { returned, silent } = await fleet.counters()
  const { cpu } = await floor.usage()
  await fleet.end()
  await floor.end()
  return (
    `a bare TLS server with ${agents} agents: up after ${up.toFixed(1)} s, ${returned} sockets back (${silent} silent) ` +
    `after ${back.toFixed(1)} s; CPU ${(cpu / 1e6).toFixed(1)} s`
  )
}

// The largest number that passes, in steps: first by halving what is open, then once more to be sure.
let passes = 0
let best = ''
let fails = Math.floor(most / STEP) * STEP + STEP
let next = fails - STEP
while (next > passes) {
  const { passed, text } = await attempt(next)
  if (passed) [passes, best] = [next, text]
  else fails = next
  next = passes + Math.floor((fails - passes) / 2 / STEP) * STEP
}
while (passes > 0 && !isQuick()) {
  const { passed, text } = await attempt(passes)
  best = text
  if (passed) break
  passes -= STEP
}
tell({
  what: 'restart: agents with finished results pending, of which every report is acknowledged and every socket back on its first dial',
  value: passes,
  unit: 'agents',
  must: 2_000,
  aim: 5_000,
  direction: 'atLeast',
  ours: best,
  floor: await bare(Math.max(passes, STEP)),
})
process.exit(0)
