import { EXIT } from '../../../command-line/exit-codes.js'
import { text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import type { Terminal } from '../../../command-line/terminal.js'
import { type Api, openApi } from '../../call-operation.js'
import { countHosts } from '../../history/invocations.js'
import { withNames } from '../../host-names.js'
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

/** Shows a sent file, wherever its id is given. @throws CommandFailure when there is none */
export const showFile = async (
  api: Api,
  invokeId: string,
  output: 'text' | 'json',
  { stdout }: Pick<Terminal, 'stdout'>,
): Promise<void> => {
  const file = await getFile(api, invokeId)
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
