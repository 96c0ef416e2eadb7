import { CommandFailure, UsageError } from '../../command-line/failures.js'
import { flag, type Option, text, texts } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Output } from '../../command-line/terminal.js'
import { CONFIG_FILE, type Config, ConfigError, readConfig, SETTINGS } from '../config.js'
import { type RunningServer, startServer } from '../main.js'
import { untilAskedToStop } from './stop-signals.js'

/** The options of `serve` are the server's settings: nothing is said twice. */
const optionsOfSettings = (): Record<string, Option> => {
  const options: Record<string, Option> = {
    [CONFIG_FILE.flag]: text(CONFIG_FILE.about, { value: CONFIG_FILE.value }),
  }
  for (const setting of Object.values(SETTINGS)) {
    if (setting.flag === undefined) continue
    const shown = setting.defaultText === '' ? '' : ` Default: ${setting.defaultText}.`
    const from = setting.env === undefined ? '' : ` (${setting.env})`
    const about = `${setting.about}${shown}${from}`
    const detail = { value: setting.value, group: setting.group }
    options[setting.flag] =
      setting.kind === 'flag'
        ? flag(about, { group: setting.group })
        : setting.kind === 'texts'
          ? texts(about, detail)
          : text(about, detail)
  }
  return options
}

export const serve = defineSubcommand({
  name: 'serve',
  summary: 'runs the server: the API, and the door that agents come to',
  description: [
    'Every setting may come from an option, an environment variable or the config file, in this order. Without any, ' +
      'the server keeps its data in ./data, answers tools on 127.0.0.1:8080 and agents by TLS on port 8443.',
    'SIGTERM and Ctrl-C stop it cleanly, SIGHUP reads certificates again.',
  ],
  options: optionsOfSettings(),
  examples: [
    { about: 'A small fleet', line: 'openassist serve --data /var/lib/openassist --public-host assist.example.com' },
    {
      about: 'On PostgreSQL',
      line: 'openassist serve --database postgres://openassist@db/openassist --key-file /etc/openassist/secret.key',
    },
  ],
  run: async ({ options, terminal }) => {
    const config = checkedConfig(options, terminal.env, terminal.cwd)
    const stopping = untilAskedToStop()
    const server = await startServer(config).catch((error: unknown) => {
      throw failureOf(error)
    })
    const onHangup = (): void => void server.refreshTls()
    process.on('SIGHUP', onHangup)
    tell(server, config, terminal.stderr)
    const signal = await stopping
    terminal.stderr.write(`${signal}: stopping …\n`)
    process.off('SIGHUP', onHangup)
    await server.stop()
    terminal.stderr.write('Stopped.\n')
    return 0
  },
})

const checkedConfig = (
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Config => {
  try {
    return readConfig({ flags, env, cwd })
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.problems.join('\n'), { cause: error })
    throw error
  }
}

/** What the surroundings refuse is told in a sentence; a bug keeps its stack. */
const failureOf = (error: unknown): unknown => {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof ReferenceError) return error
  return new CommandFailure(`the server did not start: ${error.message}`, { cause: error })
}

const tell = (server: RunningServer, config: Config, { write, colours, isTerminal }: Output): void => {
  const { accessKeyId, accessKeySecret } = server.firstAccessKey.made ?? {}
  const lines = [
    colours.bold('OpenAssist is ready.'),
    ...(server.endpoint === undefined ? [] : [`  API for tools on this host   ${server.endpoint}`]),
    ...(server.tlsEndpoint === undefined ? [] : [`  API and agents by TLS        ${server.tlsEndpoint}`]),
    ...(server.caFile === undefined ? [] : [`  Its authority                ${server.caFile}`]),
    ...(server.firstAccessKey.file === undefined
      ? []
      : [`  First AccessKey              ${server.firstAccessKey.file}`]),
    // A log must not hold it.
    ...(accessKeyId === undefined || !isTerminal
      ? []
      : [`    id ${accessKeyId}`, `    secret ${accessKeySecret ?? ''}`]),
    `  Region                       ${config.regions.join(', ')}`,
    ...server.notices.map((notice) => colours.yellow(`  ${notice}`)),
    'Next: openassist enroll prints the lines that connect a host, openassist status shows the fleet.',
  ]
  write(`${lines.join('\n')}\n`)
}
