import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { escapeControl } from '../command-line/escape-control.js'
import { EXIT } from '../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../command-line/failures.js'
import { flag, pairs, text } from '../command-line/options.js'
import { defineSubcommand } from '../command-line/subcommand.js'
import type { Terminal } from '../command-line/terminal.js'
import { createLog, reasonOf } from './log.js'

// What a person types on a host. Everything else is loaded when it is asked for: before it, an agent that runs sets how
// the process works.

const STATE_OPTION = {
  'state-dir': text('Where the identity and the work in progress are kept.', {
    value: 'DIR',
    env: 'OPENASSIST_AGENT_STATE',
  }),
} as const

const CA_OPTIONS = {
  'ca-file': text('PEM file with the CA that has signed the server’s certificate.', {
    value: 'FILE',
    env: 'OPENASSIST_CA_FILE',
  }),
  ca: text('The same, inline.', { value: 'PEM', env: 'OPENASSIST_CA' }),
} as const

export const agentRegister = defineSubcommand({
  name: 'agent register',
  summary: 'makes this host a managed instance of a server',
  description: [
    'Makes a key pair and registers with an activation (openassist enroll prints one). The key never leaves this host. ' +
      'As root the state is kept in /var/lib/openassist-agent, else in ~/.local/state/openassist-agent.',
  ],
  options: {
    server: text('The server.', { value: 'HOST:PORT', required: true, env: 'OPENASSIST_SERVER' }),
    'activation-id': text('Id of the activation.', { value: 'ID', required: true, env: 'OPENASSIST_ACTIVATION_ID' }),
    'activation-code': text('Its code; from the environment it stays out of the list of processes.', {
      value: 'CODE',
      required: true,
      env: 'OPENASSIST_ACTIVATION_CODE',
    }),
    ...CA_OPTIONS,
    name: text('Name of the instance. Without it, the server names it.', { value: 'NAME' }),
    tag: pairs('Tag for the instance.'),
    region: text('Region, for servers that ask; the activation decides.', { value: 'REGION', mayBeEmpty: true }),
    force: flag('Replace a registration that is there.'),
    ...STATE_OPTION,
  },
  examples: [
    {
      about: 'With the CA of the server',
      line: 'openassist agent register --server assist.example.com:8443 --ca-file ca.pem --activation-id ID --activation-code CODE',
    },
  ],
  exitCodes: [{ code: EXIT.noServer, about: 'The server cannot be reached or is not trusted.' }],
  run: async ({ options, terminal }) => {
    const { registerAgent, RegistrationFailed } = await import('./register-agent.js')
    const stateDir = await stateDirOf(options['state-dir'], terminal)
    const ca = await readCa(options, terminal)
    try {
      const { instanceId } = await registerAgent({
        stateDir,
        server: options.server,
        activationId: options['activation-id'],
        activationCode: options['activation-code'],
        tags: options.tag.map(({ name, value }) => ({ key: name, value: value ?? '' })),
        force: options.force,
        ...(ca === undefined ? {} : { ca }),
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.region === undefined ? {} : { regionId: options.region }),
      })
      terminal.stdout.write(`${instanceId}\n`)
      terminal.stderr.write(`Registered as ${instanceId}. Next: openassist agent run\n`)
      return EXIT.ok
    } catch (error) {
      if (error instanceof RegistrationFailed) {
        const isAway = error.kind === 'unreachable' || error.kind === 'untrusted'
        throw new CommandFailure(escapeControl(error.message), isAway ? { exitCode: EXIT.noServer } : {})
      }
      throw expected(error, stateDir)
    }
  },
})

export const agentRun = defineSubcommand({
  name: 'agent run',
  summary: 'runs the agent of this host in the foreground',
  description: [
    'Beats, waits for kicks, runs the scripts that its server hands out and reports on them. Results that the server ' +
      'has not taken are kept on disk, over restarts too. Run by root, scripts may run as any user; run by another, as ' +
      'that user only. SIGTERM or Ctrl-C ends it within seconds: scripts that run are killed, and reported.',
  ],
  options: {
    'log-level': text('What is told on stderr; never scripts, parameters or output.', {
      oneOf: ['debug', 'info', 'warn', 'error', 'silent'],
      default: 'info',
      env: 'OPENASSIST_AGENT_LOG_LEVEL',
    }),
    server: text('Another way to the same server than the one it registered with.', { value: 'HOST:PORT' }),
    ...CA_OPTIONS,
    ...STATE_OPTION,
  },
  run: async ({ options, terminal }) => {
    const { NotRegistered } = await import('./start-agent.js')
    const { runAgent } = await import('./run-agent.js')
    const ca = await readCa(options, terminal)
    const stateDir = await stateDirOf(options['state-dir'], terminal)
    try {
      await runAgent({
        stateDir,
        log: createLog(options['log-level'], (line) => terminal.stderr.write(line)),
        ...(options.server === undefined ? {} : { server: options.server }),
        ...(ca === undefined ? {} : { ca }),
      })
      return EXIT.ok
    } catch (error) {
      if (error instanceof NotRegistered) {
        throw new CommandFailure(error.message, { advice: ['Register it first: openassist agent register'] })
      }
      throw expected(error, stateDir)
    }
  },
})

export const agentStatus = defineSubcommand({
  name: 'agent status',
  summary: 'tells how the agent of this host is',
  options: {
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...STATE_OPTION,
  },
  exitCodes: [{ code: EXIT.failure, about: 'It does not run, is not registered, or has no connection.' }],
  run: async ({ options, terminal }) => {
    const { thisPlatform } = await import('./platform/this-platform.js')
    const { readIdentity } = await import('./state/identity.js')
    const { findLockHolder } = await import('./state/lock.js')
    const { stateDirectoryAt } = await import('./state/state-directory.js')
    const { readStatus } = await import('./state/status-file.js')
    const stateDir = await stateDirOf(options['state-dir'], terminal)
    const directory = stateDirectoryAt(stateDir)
    const identity = await readIdentity(directory).catch((error: unknown) => {
      throw expected(error, stateDir)
    })
    const holder = await findLockHolder(stateDir, thisPlatform())
    const status = await readStatus(directory)
    const isRunning = identity !== undefined && holder !== undefined && status?.state === 'running'
    const isConnected = isRunning && status.connected
    if (options.output === 'json') {
      const answer = {
        registered: identity !== undefined,
        running: isRunning,
        ...status,
        connected: isConnected,
      }
      terminal.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    } else if (identity === undefined) {
      terminal.stdout.write(`not registered (${stateDir})\n`)
    } else {
      const state = isConnected ? 'running and connected' : isRunning ? 'running, but not connected' : 'not running'
      terminal.stdout.write(`${identity.instanceId} of ${identity.server}: ${state}\n`)
      if (isRunning) {
        const { lastHeartbeatAt, tasksRunning, resultsKept } = status
        terminal.stdout.write(
          `last heartbeat ${lastHeartbeatAt || 'none'}, ${tasksRunning} running, ${resultsKept} results to deliver\n`,
        )
      }
    }
    return isConnected ? EXIT.ok : EXIT.failure
  },
})

const stateDirOf = async (given: string | undefined, terminal: Terminal): Promise<string> => {
  if (given !== undefined) return resolve(terminal.cwd, given)
  const { thisPlatform } = await import('./platform/this-platform.js')
  const { defaultStateDirectory } = await import('./state/state-directory.js')
  const { uid, home } = thisPlatform().ownUser()
  if (uid !== 0 && home === '') throw new UsageError('this user has no home: give --state-dir DIR.')
  return defaultStateDirectory({ isRoot: uid === 0, home })
}

/** What stands in the way of a folder that this user may not write to, and what to do. */
const notAllowed = (error: unknown, stateDir: string): CommandFailure | undefined => {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return undefined
  const why = code === 'EROFS' ? 'its file system is read-only' : 'it belongs to somebody else'
  return new CommandFailure(`this user may not keep the agent's state in ${stateDir}: ${why}.`, {
    advice: ['Run it as the user that the agent shall run as, or choose another folder: --state-dir DIR.'],
    cause: error,
  })
}

const readCa = async (
  options: { readonly ca: string | undefined; readonly 'ca-file': string | undefined },
  terminal: Terminal,
): Promise<string | undefined> => {
  const file = options['ca-file']
  if (options.ca !== undefined && file !== undefined) throw new UsageError('give --ca or --ca-file, not both.')
  const pem =
    file === undefined
      ? options.ca
      : await readFile(resolve(terminal.cwd, file), 'utf8').catch((error: unknown) => {
          throw new CommandFailure(`the CA cannot be read: ${reasonOf(error)}`, { cause: error })
        })
  if (pem === undefined) return undefined
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (certificates === null) throw new CommandFailure('the CA holds no PEM certificate.')
  return `${certificates.join('\n')}\n`
}

/** A failure of the surroundings is told in a sentence; anything else is a bug and keeps its stack. */
const expected = (error: unknown, stateDir: string): unknown => {
  const refused = notAllowed(error, stateDir)
  if (refused !== undefined) return refused
  const isBug = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
  return error instanceof Error && !isBug ? new CommandFailure(reasonOf(error), { cause: error }) : error
}
