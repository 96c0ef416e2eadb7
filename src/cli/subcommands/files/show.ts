import { EXIT } from '../../../command-line/exit-codes.js'
import { text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import type { Terminal } from '../../../command-line/terminal.js'
import { type Api, openApi } from '../../call-operation.js'
import { countHosts } from '../../history/invocations.js'
import { withNames } from '../../host-names.js'
import { count } from '../../output/count.js'
import { fileText } from '../../output/file-text.js'
import { writeJson } from '../../output/json.js'
import { getFile } from '../../sending/files.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const show = defineSubcommand({
  name: 'files show',
  summary: 'shows a sent file: where to, and what became of it on every host',
  positionals: [{ name: 'ID', about: 'the file send (f-…)' }],
  options: {
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [{ about: 'One sent file', line: 'openassist files show f-1' }],
  exitCodes: [
    { code: EXIT.failure, about: 'There is no such file.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words: [invokeId = ''], terminal }) => {
    using api = openApi(readConnection(options, terminal))
    await showFile(api, invokeId, options.output, terminal)
    return EXIT.ok
  },
})

/** Which of its hosts are shown; all where nothing is said. */
export interface HostChoice {
  readonly state?: string | undefined
  readonly instanceId?: string | undefined
  /** The first ones. */
  readonly limit?: number | undefined
}

/** Shows a sent file, wherever its id is given. @throws CommandFailure when there is none */
export const showFile = async (
  api: Api,
  invokeId: string,
  output: 'text' | 'json',
  { stdout, stderr }: Pick<Terminal, 'stdout' | 'stderr'>,
  { state, instanceId, limit }: HostChoice = {},
): Promise<void> => {
  const whole = await getFile(api, invokeId)
  const chosen = whole.hosts.filter(
    (host) => (state === undefined || host.status === state) && host.instanceId === (instanceId ?? host.instanceId),
  )
  const file = { ...whole, hosts: chosen.slice(0, limit) }
  if (file.hosts.length < whole.hosts.length)
    stderr.write(`${file.hosts.length.toLocaleString('en-US')} of ${count(whole.hosts.length, 'host')} shown\n`)
  if (output === 'text') {
    stdout.write(fileText(file, Date.now(), stdout))
    return
  }
  const hosts = await withNames(
    api,
    file.hosts.map((host) => ({ ...host, name: '' })),
  )
  writeJson(stdout, { ...file, hosts, counts: countHosts(file.hosts) })
}
