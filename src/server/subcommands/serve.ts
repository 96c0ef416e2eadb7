import { calledAs } from '../../command-line/called-as.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { CommandFailure } from '../../command-line/failures.js'
import { onInterrupt, untilInterrupted } from '../../command-line/interrupts.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Output, Terminal } from '../../command-line/terminal.js'
import { type Config, ConfigError, readConfig } from '../config.js'
import type { RunningServer } from '../main.js'
import { otherSettings, settingOptions } from './setting-options.js'

export const serve = defineSubcommand({
  name: 'serve',
  summary: 'runs the server: the API, and the door that agents come to',
  description: [
    'Every setting has a safe default. Options win over environment variables, and those over the config file. Without ' +
      'any, the server keeps its data in ./data, answers tools on 127.0.0.1:8080 and agents by TLS on port 8443.',
    'Ctrl-C and SIGTERM stop it cleanly, a second one at once. SIGHUP reads certificate files again.',
  ],
  options: settingOptions(),
  tables: [otherSettings()],
  examples: [
    { about: 'A small fleet', line: 'openassist serve --data /var/lib/openassist --public-host assist.example.com' },
    {
      about: 'On PostgreSQL',
      line: 'OPENASSIST_DATABASE=postgres://… openassist serve --key-file /etc/openassist/secret.key',
    },
  ],
  run: async ({ options, terminal }) => {
    const config = configOf(options, terminal)
    using interrupted = untilInterrupted()
    const { startServer } = await import('../main.js')
    const server = await startServer(config).catch((error: unknown) => {
      throw notStarted(error, config)
    })
    using _hangups = onInterrupt(() => void refresh(server, terminal), ['SIGHUP'])
    tell(server, config, terminal)
    await interrupted.signalled
    terminal.stderr.write('Stopping …\n')
    await server.stop()
    terminal.stderr.write('Stopped.\n')
    return EXIT.ok
  },
})

const configOf = (flags: Readonly<Record<string, unknown>>, { env, cwd }: Terminal): Config => {
  try {
    return readConfig({ flags, env, cwd })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new CommandFailure('the configuration is wrong:', { exitCode: EXIT.usage, advice: error.problems })
  }
}

/** What stands in the way of a start is for the operator to change; whoever wants more (log level debug) sees the stack. */
const notStarted = (error: unknown, { logLevel }: Config): unknown =>
  !(error instanceof Error) || logLevel === 'debug' || logLevel === 'trace'
    ? error
    : new CommandFailure(`the server cannot start: ${error.message}`, { cause: error })

const refresh = async (server: RunningServer, { stderr }: Terminal): Promise<void> => {
  try {
    await server.refreshTls()
  } catch (error) {
    stderr.write(`The certificates stay as they are: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

const tell = (server: RunningServer, config: Config, { stdout, stderr, cwd }: Terminal): void => {
  for (const notice of server.notices) stderr.write(`${stderr.colours.yellow('Note:')} ${notice}\n`)
  const rows: (readonly [string, string])[] = []
  if (server.endpoint !== undefined) rows.push(['Tools on this machine', server.endpoint])
  if (server.tlsEndpoint !== undefined) rows.push(['Agents, and others by TLS', server.tlsEndpoint])
  if (server.caFile !== undefined) rows.push(['Its authority', server.caFile])
  rows.push(['First AccessKey', keyText(server, stdout)], ['Region', config.regions.join(', ')])
  if (config.database === undefined) rows.push(['Data', server.dataDir])
  else rows.push(['Data', `PostgreSQL, and ${server.dataDir}`])
  const lines = rows.map(([left, right]) => `  ${left.padEnd(27)}${right}`)
  stdout.write(`${stdout.colours.bold('OpenAssist is ready.')}\n${lines.join('\n')}\n`)
  if (stdout.isTerminal) stdout.write(`\n${nextSteps(server, cwd).join('\n')}\n`)
}

/** The key itself is for the eyes of a person: a log must not hold it (design D9). */
const keyText = ({ firstAccessKey }: RunningServer, stdout: Output): string => {
  const { file, made } = firstAccessKey
  if (file === undefined) return 'the one that was given'
  return made !== undefined && stdout.isTerminal
    ? `${made.accessKeyId} / ${made.accessKeySecret}, also in ${file}`
    : file
}

const nextSteps = (server: RunningServer, cwd: string): readonly string[] => {
  const data = server.dataDir === `${cwd}/data` ? '' : ` --data ${server.dataDir}`
  const { host, protocol } = new URL(server.endpoint ?? server.tlsEndpoint ?? 'http://localhost')
  const rows = [
    [`${calledAs(cwd)} enroll${data}`, 'prints the lines that connect a host'],
    [`${calledAs(cwd)} status${data}`, 'shows the fleet'],
    [`SDKs: endpoint ${host}, protocol ${protocol.slice(0, -1)}, region ${server.regionId}`, ''],
    ['Ctrl-C', 'stops it'],
  ] as const
  const width = Math.max(...rows.map(([left, right]) => (right === '' ? 0 : left.length))) + 2
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`.trimEnd())
}
