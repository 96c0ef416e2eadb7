import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { relative, resolve } from 'node:path'
import { calledAs } from '../../command-line/called-as.js'
import { escapeControl } from '../../command-line/escape-control.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../../command-line/failures.js'
import { onInterrupt } from '../../command-line/interrupts.js'
import { flag, text } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Output, Terminal } from '../../command-line/terminal.js'
import { listAt, type Members, numberAt, textAt } from '../answer.js'
import { type Child, runToEnd } from '../quickstart/child.js'
import {
  cleanEnvironment,
  type Demonstration,
  enrol,
  openFirstApi,
  refuseSecondServer,
  startAgent,
  startServer,
} from '../quickstart/demonstration.js'
import { addressText, freeAddress, type ListenAddress } from '../quickstart/ports.js'
import { quoteForShell } from '../running/script.js'
import type { ServerFile } from '../server-files.js'

export const quickstart = defineSubcommand({
  name: 'quickstart',
  summary: 'shows everything at work: a server, this machine enrolled, a command on it, its status',
  description: [
    'Starts a server and an agent as processes of their own and keeps them until Ctrl-C. Everything is in one folder; ' +
      'run again, it goes on from there.',
  ],
  options: {
    data: text('Folder for everything that is kept.', { value: 'DIR', default: './data' }),
    listen: text('Plain HTTP, for this machine. Without it 127.0.0.1:8080, or a free port.', { value: 'HOST:PORT' }),
    'listen-tls': text('TLS, for agents. Without it 0.0.0.0:8443, or a free port.', { value: 'HOST:PORT' }),
    once: flag('End after the demonstration; exit status 0 only if every step worked.'),
  },
  examples: [
    { about: 'In a clone, with everything that must come before it', line: 'npm run quickstart' },
    { about: 'As a check', line: 'openassist quickstart --once --data /tmp/openassist' },
  ],
  exitCodes: [{ code: EXIT.interrupted, about: 'Ctrl-C came before the demonstration was over.' }],
  run: async ({ options, terminal }) => {
    const folder = resolve(terminal.cwd, options.data)
    const shown = shownFolder(terminal.cwd, folder)
    const wanted = {
      plain: addressOf(options.listen, 'listen'),
      tls: addressOf(options['listen-tls'], 'listen-tls'),
    }
    await refuseSecondServer(folder, shown)
    const ending = new AbortController()
    using _interrupts = onInterrupt(() => ending.abort())
    const demonstration = { folder, env: cleanEnvironment(terminal.env), signal: ending.signal }
    const children: Child[] = []
    try {
      const server = await demonstrate(demonstration, shown, wanted, terminal, children)
      if (options.once) return EXIT.ok
      tellHowToUse(server, shown, terminal)
      return await keepServing(children, ending.signal)
    } catch (error) {
      if (ending.signal.aborted) return EXIT.interrupted
      throw error
    } finally {
      // The agent first, so that the server hears of its last results.
      for (const child of children.toReversed()) await child.stop()
      if (children.length > 0) terminal.stdout.write('\nEverything is stopped.\n')
    }
  },
})

const demonstrate = async (
  demonstration: Demonstration,
  shown: string,
  wanted: { readonly plain: ListenAddress | undefined; readonly tls: ListenAddress | undefined },
  { stdout, cwd }: Terminal,
  children: Child[],
): Promise<ServerFile> => {
  const { bold } = stdout.colours
  const title = (text: string) => stdout.write(`\n${bold(text)}\n`)

  title(`1. A server, with its data in ${shown}`)
  const listen = {
    plain: wanted.plain ?? (await freePort({ host: '127.0.0.1', port: 8080 }, stdout)),
    tls: wanted.tls ?? (await freePort({ host: '0.0.0.0', port: 8443 }, stdout)),
  }
  const server = await startServer(demonstration, listen)
  children.push(server.child)
  stdout.write(`   ${server.file.endpoint} for tools on this machine, ${server.file.tlsEndpoint} for agents\n`)

  title('2. This machine, enrolled with an agent of its own')
  using api = openFirstApi(demonstration, shown, server.file)
  const { instanceId, wasKnown } = await enrol(demonstration, api, server.file)
  const agent = await startAgent(demonstration, api, server.file, instanceId)
  children.push(agent)
  stdout.write(`   ${escapeControl(instanceId)} is live${wasKnown ? '; it was enrolled already' : ''}\n`)

  title('3. A command on it')
  const script = 'echo "Hello from $(uname -n): $(uname -sr), as $(id -un)"'
  const greeting = await show(
    demonstration,
    [calledAs(cwd), shown],
    ['run', '-i', instanceId, ...workdir(demonstration.folder), '--', script],
    stdout,
  )
  if (!greeting.startsWith('Hello from ')) throw new CommandFailure('the command gave another answer than expected.')

  title('4. Its status')
  await show(demonstration, [calledAs(cwd), shown], ['status'], stdout)
  stdout.write('\n   The same as the API answers it:\n')
  const call = ['call', 'DescribeCloudAssistantStatus', '--InstanceId', instanceId]
  checkStatus(JSON.parse(await show(demonstration, [calledAs(cwd), shown], call, stdout)) as Members)
  return server.file
}

/** A command runs in the home of its user; some accounts, such as nobody, have none. */
const workdir = (folder: string): readonly string[] => (existsSync(userInfo().homedir) ? [] : ['--workdir', folder])

const freePort = async (wanted: ListenAddress, stdout: Output): Promise<ListenAddress> => {
  const free = await freeAddress(wanted)
  if (free.port !== wanted.port) {
    stdout.write(`   Port ${wanted.port} is taken, so it listens on ${addressText(free)}.\n`)
  }
  return free
}

/** Runs a line as a person would type it, and shows the line and what comes of it. */
const show = async (
  { folder, env, signal }: Demonstration,
  [program, shown]: readonly [string, string],
  args: readonly string[],
  stdout: Output,
): Promise<string> => {
  const data = shown === './data' ? [] : ['--data', shown]
  const [subcommand = '', ...rest] = args
  const typed = [program, subcommand, ...data, ...rest].map(quoteForShell).join(' ')
  stdout.write(`${stdout.colours.dim(`   $ ${typed}`)}\n`)
  const { code, stdout: answer, stderr: remarks } = await runToEnd([subcommand, '--data', folder, ...rest], env, signal)
  stdout.write(answer + remarks)
  if (code !== 0) throw new CommandFailure(`openassist ${subcommand} ended with status ${code}.`)
  return answer
}

const checkStatus = (answer: Members): void => {
  const [status = {}] = listAt(answer, 'InstanceCloudAssistantStatusSet', 'InstanceCloudAssistantStatus')
  if (textAt(status, 'CloudAssistantStatus') !== 'true' || numberAt(status, 'InvocationCount') < 1) {
    throw new CommandFailure('the status is not what has just been seen.')
  }
}

const tellHowToUse = (server: ServerFile, shown: string, { stdout, cwd }: Terminal): void => {
  const data = shown === './data' ? '' : ` --data ${quoteForShell(shown)}`
  const program = calledAs(cwd)
  const lines = [
    '',
    stdout.colours.bold('The server keeps running. In another terminal, from this folder:'),
    `  ${program} status --watch${data}`,
    `  ${program} run --all${data} -- uptime`,
    `  ${program} enroll${data}    # prints the lines that connect another host`,
    `SDKs, the vendor’s CLI and Terraform: ${new URL(server.endpoint).host} by HTTP; the key is in ${shown}/first-access-key.`,
    `Logs: ${shown}/server.log, ${shown}/agent.log. Ctrl-C stops everything.`,
    '',
  ]
  stdout.write(lines.join('\n'))
}

const keepServing = async (children: readonly Child[], signal: AbortSignal): Promise<number> => {
  const interrupted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  const ended = children.map(async (child) => ({ child, how: await child.ended }))
  const first = await Promise.race([interrupted, ...ended])
  if (first === undefined) return EXIT.ok
  throw new CommandFailure(`the ${first.child.name} ended with ${first.how}:`, {
    advice: first.child.tail().split('\n'),
  })
}

const addressOf = (given: string | undefined, option: string): ListenAddress | undefined => {
  if (given === undefined) return undefined
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(given)
  if (match === null) throw new UsageError(`--${option} is ${escapeControl(given)}, and must look like 127.0.0.1:8080.`)
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) }
}

const shownFolder = (cwd: string, folder: string): string => {
  const short = relative(cwd, folder)
  return short === '' ? '.' : short.startsWith('..') ? folder : `./${short}`
}
