import { EXIT } from '../../../command-line/exit-codes.js'
import { integer, pairs, text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { countHosts, type Invocation, INVOCATION_STATES, invocationPages } from '../../history/invocations.js'
import { count } from '../../output/count.js'
import { invocationTable } from '../../output/invocation-text.js'
import { writeJson } from '../../output/json.js'
import { readNewest } from '../../newest.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

const group = 'Filters'

export const list = defineSubcommand({
  name: 'invocations list',
  summary: 'lists what was run, the newest first',
  options: {
    state: text('Only those in this state.', { oneOf: INVOCATION_STATES, group }),
    command: text('Only those of this command: its id (c-…) or its name.', { value: 'COMMAND', group }),
    'instance-id': text('Only those on this host.', { value: 'ID', short: 'i', group }),
    tag: pairs('Only invocations with this tag; with several, with all of them.', { group }),
    limit: integer('At most so many.', { min: 1, max: 1_000_000, default: 20, short: 'n' }),
    output: text('For people or for programs.', { oneOf: ['table', 'json'], default: 'table', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'The last twenty', line: 'openassist invocations list' },
    { about: 'What failed somewhere', line: 'openassist invocations list --state PartialFailed' },
    { about: 'Everything on one host', line: 'openassist invocations list -i mi-1 --limit 1000' },
  ],
  exitCodes: [{ code: EXIT.noServer, about: 'The server cannot be reached.' }],
  run: async ({ options, terminal }) => {
    using api = openApi(readConnection(options, terminal))
    const filter = {
      state: options.state,
      command: options.command,
      instanceId: options['instance-id'],
      tags: options.tag,
    }
    const { shown, total } = await readNewest(
      invocationPages(api, filter),
      (page) => page.invocations,
      options.limit,
      terminal.stderr,
      'invocations read',
    )
    if (options.output === 'json') {
      writeJson(terminal.stdout, { invocations: shown.map(summaryOf), total })
      return EXIT.ok
    }
    if (shown.length > 0) {
      terminal.stdout.write(`${invocationTable(shown, Date.now(), terminal.stdout).join('\n')}\n\n`)
    }
    terminal.stderr.write(`${countText(shown.length, total)}\n`)
    return EXIT.ok
  },
})

const countText = (shown: number, total: number): string => {
  if (total === 0) return 'no invocations'
  if (shown >= total) return count(total, 'invocation')
  return `the newest ${shown.toLocaleString('en-US')} of ${count(total, 'invocation')}; --limit shows more`
}

/** Its hosts as numbers, its script once; `show` tells each host, and every byte. */
const summaryOf = (invocation: Invocation) => ({
  ...invocation,
  scriptBase64: undefined,
  hosts: countHosts(invocation.hosts),
})
