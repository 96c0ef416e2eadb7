import { escapeControl } from '../../command-line/escape-control.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../../command-line/failures.js'
import { untilInterrupted } from '../../command-line/interrupts.js'
import { text } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Output } from '../../command-line/terminal.js'
import { isLoopback } from '../front/host-name.js'
import type { OpenAssist } from '../start-openassist.js'

export const dev = defineSubcommand({
  name: 'dev',
  summary: 'runs the emulator: the API with a documented key and one real agent, for tests',
  description: [
    'Nothing is kept: the data are in a temporary folder that is removed at the end. It listens on loopback only, since ' +
      'everybody knows its key, openassist-dev / openassist-dev-secret. Commands really run: on this machine, as the ' +
      'current user. From a Node test, use startOpenAssist() of the package openassist.',
  ],
  options: {
    listen: text('Where the API listens; loopback only. Port 0 is any free one.', {
      value: 'HOST:PORT',
      default: '127.0.0.1:8080',
    }),
    region: text('Region that it serves.', { value: 'REGION', default: 'cn-hangzhou' }),
    output: text('For people, or one line of JSON for programs.', {
      oneOf: ['text', 'json'],
      default: 'text',
      short: 'o',
    }),
    'log-level': text('What is logged, on stderr.', {
      oneOf: ['debug', 'info', 'warn', 'error', 'silent'],
      default: 'warn',
    }),
  },
  examples: [{ about: 'On any free port, told as JSON', line: 'openassist dev --listen 127.0.0.1:0 -o json' }],
  run: async ({ options, terminal }) => {
    const listen = loopbackOf(options.listen)
    using interrupted = untilInterrupted()
    const started = performance.now()
    const { startOpenAssist } = await import('../start-openassist.js')
    const logLevel = options['log-level']
    const emulator = await startOpenAssist({ listen, regions: [options.region], logLevel }).catch((error: unknown) => {
      if (logLevel === 'debug' || !(error instanceof Error)) throw error
      throw new CommandFailure(`the emulator cannot start: ${error.message}`, { cause: error })
    })
    if (options.output === 'json') tellProgram(emulator, terminal.stdout)
    else tellPerson(emulator, (performance.now() - started) / 1000, terminal.stdout)
    await interrupted.signalled
    await emulator.stop()
    return EXIT.ok
  },
})

const loopbackOf = (given: string): { readonly host: string; readonly port: number } => {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(given)
  const [host, port] = [match?.[1] ?? match?.[2] ?? '', Number(match?.[3])]
  if (match === null || port > 65_535) {
    throw new UsageError(`--listen is ${escapeControl(given)}, and must look like 127.0.0.1:8080.`)
  }
  if (host !== 'localhost' && !isLoopback(host)) {
    throw new UsageError(`everybody knows the emulator’s key, so it listens on loopback only, not on ${host}.`)
  }
  return { host, port }
}

const tellProgram = (emulator: OpenAssist, stdout: Output): void => {
  const { endpoint, accessKeyId, accessKeySecret, regionId, instanceId } = emulator
  stdout.write(`${JSON.stringify({ endpoint, accessKeyId, accessKeySecret, regionId, instanceId })}\n`)
}

const tellPerson = (emulator: OpenAssist, seconds: number, stdout: Output): void => {
  const { endpoint, address, accessKeyId, accessKeySecret, regionId, instanceId } = emulator
  const { bold } = stdout.colours
  const lines = [
    `${bold(`Ready at ${endpoint}`)} after ${seconds.toFixed(1)} s, with one live agent: ${instanceId}`,
    `  key    ${accessKeyId} / ${accessKeySecret}`,
    `  region ${regionId}`,
    'For the vendor’s SDKs and CLI, and for openassist itself:',
    `  export ALIBABA_CLOUD_ACCESS_KEY_ID=${accessKeyId} ALIBABA_CLOUD_ACCESS_KEY_SECRET=${accessKeySecret} \\`,
    `    ALIBABA_CLOUD_REGION_ID=${regionId} OPENASSIST_ENDPOINT=${endpoint}`,
    `  aliyun ecs DescribeCloudAssistantStatus --RegionId ${regionId} --endpoint ${address} --insecure`,
    'Ctrl-C ends it.',
  ]
  stdout.write(`${lines.join('\n')}\n`)
}
