import { EXIT } from '../../../command-line/exit-codes.js'
import { integer, pairs, text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { countHosts } from '../../history/invocations.js'
import { fileTable } from '../../output/file-text.js'
import { writeJson } from '../../output/json.js'
import { filePages, SEND_STATES } from '../../sending/files.js'
import { newestText, readNewest } from '../../newest.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

const group = 'Filters'

export const list = defineSubcommand({
  name: 'files list',
  summary: 'lists the files that were sent, the newest first',
  options: {
    state: text('Only those in this state.', { oneOf: SEND_STATES, group }),
    name: text('Only files of this name.', { group }),
    'instance-id': text('Only those to this host.', { value: 'ID', short: 'i', group }),
    tag: pairs('Only those with this tag; with several, with all of them.', { group }),
    limit: integer('At most so many.', { min: 1, max: 1_000_000, default: 20, short: 'n' }),
    output: text('For people or for programs.', { oneOf: ['table', 'json'], default: 'table', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'The last twenty', line: 'openassist files list' },
    { about: 'What did not arrive somewhere', line: 'openassist files list --state PartialFailed' },
  ],
  exitCodes: [{ code: EXIT.noServer, about: 'The server cannot be reached.' }],
  run: async ({ options, terminal }) => {
    using api = openApi(readConnection(options, terminal))
    const filter = {
      state: options.state,
      name: options.name,
      instanceId: options['instance-id'],
      tags: options.tag,
    }
    const { shown, total } = await readNewest(
      filePages(api, filter),
      (page) => page.files,
      options.limit,
      terminal.stderr,
      'sent files read',
    )
    const { stdout, stderr } = terminal
    if (options.output === 'json') {
      // Their hosts as numbers; `show` tells each.
      writeJson(stdout, { files: shown.map((file) => ({ ...file, hosts: countHosts(file.hosts) })), total })
      return EXIT.ok
    }
    if (shown.length > 0) stdout.write(`${fileTable(shown, Date.now(), stdout).join('\n')}\n\n`)
    stderr.write(`${newestText(shown.length, total, 'sent file')}\n`)
    return EXIT.ok
  },
})
