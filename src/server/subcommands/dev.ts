import { CommandFailure, UsageError } from '../../command-line/failures.js'
import { text } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Output } from '../../command-line/terminal.js'
import { type OpenAssist, startOpenAssist } from '../start-openassist.js'
import { untilAskedToStop } from './stop-signals.js'

export const dev = defineSubcommand({
  name: 'dev',
  summary: 'runs the emulator: the API with a documented key and one real agent, for tests',
  description: [
    'Nothing is kept: the data are in a temporary folder that is removed at the end. It listens on loopback only, since ' +
      'everybody knows its key. Commands really run, on this machine, as the current user.',
  ],
  options: {
    listen: text('Where the API listens; loopback only.', { value: 'HOST:PORT', default: '127.0.0.1:8080' }),
    region: text('Region that it serves.', { value: 'REGION', default: 'cn-hangzhou' }),
    'log-level': text('What is logged.', { oneOf: ['debug', 'info', 'warn', 'error', 'silent'], default: 'warn' }),
  },
  examples: [{ about: 'On any free port', line: 'openassist dev --listen 127.0.0.1:0' }],
  run: async ({ options, terminal }) => {
    const stopping = untilAskedToStop()
    const started = performance.now()
    const emulator = await startOpenAssist({
      listen: addressOf(options.listen),
      regions: [options.region],
      logLevel: options['log-level'],
    }).catch((error: unknown) => {
      if (error instanceof TypeError || !(error instanceof Error)) throw error
      throw new CommandFailure(error.message, { cause: error })
    })
    tell(emulator, performance.now() - started, terminal.stdout)
    await stopping
    await emulator.stop()
    return 0
  },
})

const addressOf = (given: string): { host: string; port: number } => {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(given)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) throw new UsageError(`--listen must look like 127.0.0.1:8080, not ${given}.`)
  return { host: match[1] ?? match[2] ?? '', port }
}

const tell = (emulator: OpenAssist, milliseconds: number, { write, colours }: Output): void => {
  const { endpoint, address, accessKeyId, accessKeySecret, regionId, instanceId } = emulator
  const lines = [
    `${colours.bold(`Ready at ${endpoint}`)} after ${(milliseconds / 1000).toFixed(1)} s, with one live agent: ${instanceId}`,
    `  key    ${accessKeyId} / ${accessKeySecret}`,
    `  region ${regionId}`,
    'For the vendor’s SDKs and CLI, and for openassist itself:',
    `  export ALIBABA_CLOUD_ACCESS_KEY_ID=${accessKeyId} ALIBABA_CLOUD_ACCESS_KEY_SECRET=${accessKeySecret} \\`,
    `    ALIBABA_CLOUD_REGION_ID=${regionId} OPENASSIST_ENDPOINT=${endpoint}`,
    `  aliyun ecs DescribeCloudAssistantStatus --RegionId ${regionId} --endpoint ${address} --insecure`,
    'Ctrl-C ends it.',
  ]
  write(`${lines.join('\n')}\n`)
}
