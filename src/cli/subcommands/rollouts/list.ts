import { EXIT } from '../../../command-line/exit-codes.js'
import { integer, text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { writeJson } from '../../output/json.js'
import { rolloutTable } from '../../output/rollout-text.js'
import { ROLLOUT_STATUSES, rolloutPages } from '../../rollouts/rollouts.js'
import { newestText, readNewest } from '../../newest.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const list = defineSubcommand({
  name: 'rollouts list',
  summary: 'lists what hosts get or got in turns, the newest first',
  options: {
    status: text('Only those with this status.', { oneOf: ROLLOUT_STATUSES }),
    limit: integer('At most so many.', { min: 1, max: 1_000_000, default: 20, short: 'n' }),
    output: text('For people or for programs.', { oneOf: ['table', 'json'], default: 'table', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'The last twenty', line: 'openassist rollouts list' },
    { about: 'What waits for somebody', line: 'openassist rollouts list --status Paused' },
  ],
  exitCodes: [{ code: EXIT.noServer, about: 'The server cannot be reached.' }],
  run: async ({ options, terminal }) => {
    using api = openApi(readConnection(options, terminal))
    const { shown, total } = await readNewest(
      rolloutPages(api, options.status),
      (page) => page.rollouts,
      options.limit,
      terminal.stderr,
      'rollouts read',
    )
    if (options.output === 'json') {
      writeJson(terminal.stdout, { rollouts: shown, total })
      return EXIT.ok
    }
    const { stdout, stderr } = terminal
    if (shown.length > 0) stdout.write(`${rolloutTable(shown, Date.now(), stdout.colours).join('\n')}\n\n`)
    stderr.write(`${newestText(shown.length, total, 'rollout')}\n`)
    return EXIT.ok
  },
})
