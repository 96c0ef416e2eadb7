// Budget: resident memory of an idle server and of our idle agent, each as an operator starts it, one connected to the
// other. Read from /proc, nothing is collected for it; the floor is a Node process that does nothing.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { drop, scratch } from './data/directory.js'
import { Measured } from './measure/process.js'
import { freePort, Program, residentBytes, serveArguments } from './measure/program.js'
import { median } from './measure/statistics.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { ACCESS_KEY } from './server/start.js'

/** Two heartbeats, and the sweeps of the server. */
const SETTLE_MS = isQuick() ? 15_000 : 150_000
const SAMPLES = 10
const MB = 1_000_000

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const limit = performance.now() + 60_000
  while (!holds()) {
    if (performance.now() > limit) throw new Error(`${what}: not within a minute`)
    await pause(50)
  }
}

const directory = scratch()
const data = join(directory, 'data')
const state = join(directory, 'agent')
const ports = { plain: await freePort(), tls: await freePort() }
const idle = new Measured('floor/idle-floor.js')
const server = new Program(serveArguments(data, ports), join(directory, 'server.log'))
await until('the server', () => existsSync(join(data, 'server.json')))

const enrolled = spawnSync(process.execPath, ['bin/openassist', 'enroll', '--data', data, '--output', 'json'], {
  env: {
    ...process.env,
    ALIBABA_CLOUD_ACCESS_KEY_ID: ACCESS_KEY.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: ACCESS_KEY.accessKeySecret,
  },
  encoding: 'utf8',
})
if (enrolled.status !== 0) throw new Error(enrolled.stderr)
const permit = JSON.parse(enrolled.stdout) as { activationId: string; activationCode: string }
const where = ['--server', `127.0.0.1:${ports.tls}`, '--ca-file', join(data, 'ca.pem')]
const log = join(directory, 'agent.log')
await new Program(['agent', 'register', ...where, '--activation-id', permit.activationId, '--state-dir', state], log, {
  OPENASSIST_ACTIVATION_CODE: permit.activationCode,
}).done()
const agent = new Program(['agent', 'run', '--state-dir', state], log, {})
const isConnected = (): boolean => {
  const file = join(state, 'status.json')
  return existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { connected: boolean }).connected
}
await until('the agent', isConnected)

await idle.ready
await pause(SETTLE_MS)
const sampled: Record<'server' | 'agent' | 'bare', number[]> = { server: [], agent: [], bare: [] }
for (let sample = 0; sample < SAMPLES; sample++) {
  sampled.server.push(residentBytes(server.pid))
  sampled.agent.push(residentBytes(agent.pid))
  sampled.bare.push(residentBytes(idle.pid))
  await pause(1_000)
}
if (!isConnected()) throw new Error('the agent is not connected')
const text = (bytes: readonly number[]): string => `${(median(bytes) / MB).toFixed(1)} MB`
const row = (what: string, of: readonly number[], must: number, aim: number): void =>
  tell({
    what: `resident memory of ${what}`,
    value: median(of) / MB,
    unit: 'MB',
    must,
    aim,
    direction: 'atMost',
    ours: text(of),
    floor: `a Node process that does nothing: ${text(sampled.bare)}`,
  })
row('an idle server with one agent', sampled.server, 120, 80)
row('our idle agent', sampled.agent, 60, 50)
note(`${SETTLE_MS / 1_000} s after the agent connected, median of ${SAMPLES} readings`)
await agent.stop('SIGTERM')
await server.stop('SIGTERM')
await idle.end()
drop(directory)
process.exit(0)
