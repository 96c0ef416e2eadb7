import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { escapeControl } from '../command-line/escape-control.js'
import { EXIT } from '../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../command-line/failures.js'
import { untilInterrupted } from '../command-line/interrupts.js'
import { flag, integer, pairs, text } from '../command-line/options.js'
import { defineSubcommand } from '../command-line/subcommand.js'
import type { Output, Terminal } from '../command-line/terminal.js'
import { enrolledPermits } from './enrolled-permits.js'
import type { PermitSource } from './permits.js'
import { progressLine, showProgress } from './progress.js'
import { RegistrationFailed } from './register-host.js'
import type { Simulator } from './start-simulator.js'

const WORK = 'What commands do there'
const SERVER = 'The server'
const MOST_HOSTS = 100_000

export const simulate = defineSubcommand({
  name: 'simulate',
  summary: 'runs many simulated agents in one process, for demonstrations and load',
  description: [
    'They register, beat, hold their sockets and report as the vendor’s agent does, on the real wire. Commands are not ' +
      'run: each takes a while and has an output. When this ends they go silent, and stay listed by the server.',
    'Beside a server on this machine nothing but its data folder is needed. For another one, make activations there ' +
      '(openassist enroll --count N -o json) and give --server, --ca-file, --activation-id and --activation-code.',
  ],
  options: {
    agents: integer('How many.', { min: 1, max: MOST_HOSTS, default: 10, short: 'n' }),
    name: text('They are named after this, with a number.', { value: 'PREFIX', default: 'sim' }),
    tag: pairs('Tag for them.'),
    'connect-rate': integer('How many come up in a second. Without it, as many as the server takes.', {
      min: 1,
      max: MOST_HOSTS,
    }),
    identities: text('Keep who they are in this file, and be the same ones next time.', { value: 'FILE' }),
    'no-heartbeat': flag('Beat once, and not again.'),
    reconnect: text('How they come back after a lost connection: as the vendor’s agent, or as ours.', {
      oneOf: ['vendor', 'eager'],
      default: 'vendor',
    }),
    seconds: integer('End after so long. Without it, Ctrl-C ends it.', { min: 1, max: 1_000_000 }),
    'result-format': text('How the summary at the end is told.', { oneOf: ['text', 'json'], default: 'text' }),
    delay: text('How long a command takes, or between which times.', {
      group: WORK,
      value: 'MS[-MS]',
      default: '0',
    }),
    output: text('What it writes. Without it, a line with the instance.', { group: WORK, mayBeEmpty: true }),
    'exit-code': integer('Its exit code.', { group: WORK, min: 0, max: 255, default: 0 }),
    'fail-rate': text('Share of commands that fail, from 0 to 1.', { group: WORK, value: 'SHARE', default: '0' }),
    data: text('Folder of a server on this machine.', {
      group: SERVER,
      value: 'DIR',
      env: 'OPENASSIST_DATA',
      default: './data',
    }),
    server: text('The server. Without it, the one whose data are in --data.', { group: SERVER, value: 'HOST:PORT' }),
    'ca-file': text('PEM file with the CA that has signed its certificate.', {
      group: SERVER,
      value: 'FILE',
      env: 'OPENASSIST_CA_FILE',
    }),
    'activation-id': text('Id of an activation for all of them.', { group: SERVER, value: 'ID' }),
    'activation-code': text('Its code; from the environment it stays out of the list of processes.', {
      group: SERVER,
      value: 'CODE',
      env: 'OPENASSIST_ACTIVATION_CODE',
    }),
  },
  examples: [
    { about: 'A hundred hosts for the server in ./data', line: 'openassist simulate --agents 100' },
    { about: 'Slow ones, of which some fail', line: 'openassist simulate -n 500 --delay 500-3000 --fail-rate 0.05' },
  ],
  exitCodes: [{ code: EXIT.noServer, about: 'The server cannot be reached.' }],
  run: async ({ options, terminal }) => {
    const [least, most] = rangeOf(options.delay)
    const failRate = shareOf(options['fail-rate'])
    const server = await serverOf(options, terminal)
    const permits = permitsOf(options, terminal)
    const identities = options.identities
    const { startSimulator } = await import('./start-simulator.js')
    using interrupted = untilInterrupted()
    const simulator = await startSimulator({
      agents: options.agents,
      ...server,
      permits,
      namePrefix: options.name,
      tags: options.tag.map(({ name, value }) => ({ key: name, value: value ?? '' })),
      heartbeat: !options['no-heartbeat'],
      reconnect: options.reconnect,
      delayMs: () => least + Math.random() * (most - least),
      exitCode: options['exit-code'],
      failRate,
      ...(options.output === undefined ? {} : { output: options.output }),
      ...(options['connect-rate'] === undefined ? {} : { connectRate: options['connect-rate'] }),
      ...(identities === undefined ? {} : { cacheFile: resolve(terminal.cwd, identities) }),
    }).catch((error: unknown) => {
      throw told(error)
    })
    try {
      await watch(simulator, options.agents, options.seconds, interrupted.signalled, terminal.stderr)
    } finally {
      await simulator.stop()
    }
    tellResult(simulator, options.agents, options['result-format'], terminal)
    return EXIT.ok
  },
})

/** Shows what goes on until the time is over or a signal comes. @throws CommandFailure when hosts cannot register */
const watch = async (
  simulator: Simulator,
  agents: number,
  seconds: number | undefined,
  signalled: Promise<void>,
  output: Output,
): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((settle) => {
    if (seconds !== undefined) timer = setTimeout(settle, seconds * 1_000)
  })
  const failed = new Promise<never>((_, reject) => {
    simulator.ready.catch((error: unknown) => reject(told(error)))
  })
  using _progress = showProgress(simulator.counters, agents, output)
  try {
    await Promise.race([signalled, over, failed])
  } finally {
    clearTimeout(timer)
  }
}

/** The agents are stopped: what they did, and what went wrong. */
const tellResult = (
  { counters, errors }: Simulator,
  agents: number,
  format: 'text' | 'json',
  { stdout }: Terminal,
): void => {
  if (format === 'json') {
    stdout.write(`${JSON.stringify({ agents, ...counters, reasons: Object.fromEntries(errors) }, null, 2)}\n`)
    return
  }
  stdout.write(`${progressLine(counters, agents)}\n`)
  for (const [reason, times] of errors) stdout.write(`  ${times} × ${escapeControl(reason)}\n`)
}

const rangeOf = (given: string): readonly [number, number] => {
  const match = /^(\d{1,8})(?:-(\d{1,8}))?$/.exec(given)
  const least = Number(match?.[1])
  const most = Number(match?.[2] ?? match?.[1])
  if (match === null || most < least) {
    throw new UsageError(`--delay is ${escapeControl(given)}, and must look like 500 or 500-3000.`)
  }
  return [least, most]
}

const shareOf = (given: string): number => {
  const share = /^\d(?:\.\d{1,6})?$/.test(given) ? Number(given) : Number.NaN
  if (!(share <= 1)) throw new UsageError(`--fail-rate is ${escapeControl(given)}, and must be from 0 to 1.`)
  return share
}

interface ServerOptions {
  readonly data: string
  readonly server: string | undefined
  readonly 'ca-file': string | undefined
  readonly agents: number
  readonly 'activation-id': string | undefined
  readonly 'activation-code': string | undefined
}

const serverOf = async (
  options: ServerOptions,
  { cwd }: Terminal,
): Promise<{ readonly server: string; readonly ca?: string }> => {
  const local = options.server === undefined ? await localServer(resolve(cwd, options.data), options.data) : undefined
  const server = options.server ?? local?.server ?? ''
  if (!URL.canParse(`https://${server}`)) {
    throw new UsageError(`${escapeControl(server)} is no server such as assist.example.com:8443.`)
  }
  const caFile = options['ca-file'] ?? local?.caFile
  if (caFile === undefined) return { server }
  const ca = await readFile(resolve(cwd, caFile), 'utf8').catch((error: unknown) => {
    throw told(error)
  })
  return { server, ca }
}

/** What a server on this machine says in its data folder while it runs. */
const localServer = async (
  folder: string,
  named: string,
): Promise<{ readonly server: string; readonly caFile: string | undefined }> => {
  let content: unknown
  try {
    content = JSON.parse(await readFile(join(folder, 'server.json'), 'utf8'))
  } catch (error) {
    throw new CommandFailure(`no server is known: ${named}/server.json cannot be read, and --server was not given.`, {
      exitCode: EXIT.noServer,
      advice: [`Start one here:  openassist serve --data ${named}`],
      cause: error,
    })
  }
  const { tlsEndpoint, caFile } = (content ?? {}) as Readonly<Record<string, unknown>>
  if (typeof tlsEndpoint !== 'string' || !URL.canParse(tlsEndpoint)) {
    throw new CommandFailure('the server has no TLS listener, and agents connect by TLS only.')
  }
  return { server: new URL(tlsEndpoint).host, caFile: typeof caFile === 'string' ? caFile : undefined }
}

const permitsOf = (options: ServerOptions, terminal: Terminal): PermitSource => {
  const [activationId, activationCode] = [options['activation-id'], options['activation-code']]
  if (activationId !== undefined) {
    if (activationCode === undefined)
      throw new UsageError('give --activation-code (or OPENASSIST_ACTIVATION_CODE), too.')
    return [{ activationId, activationCode, count: options.agents }]
  }
  if (options.server !== undefined)
    throw new UsageError('with --server give --activation-id and --activation-code, too.')
  return (hosts) => enrolledPermits(hosts, options.data, terminal)
}

/** A failure of the surroundings is told in a sentence; a bug keeps its stack. */
const told = (error: unknown): unknown => {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof CommandFailure) return error
  const isAway = error instanceof RegistrationFailed && error.kind !== 'refused'
  return new CommandFailure(escapeControl(error.message), {
    ...(isAway ? { exitCode: EXIT.noServer } : {}),
    cause: error,
  })
}
