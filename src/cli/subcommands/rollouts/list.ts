import { EXIT } from '../../../command-line/exit-codes.js'
import { integer, text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { count } from '../../output/count.js'
import { writeJson } from '../../output/json.js'
import { openProgressLine } from '../../output/progress-line.js'
import { rolloutTable } from '../../output/rollout-text.js'
import { ROLLOUT_STATUSES, type Rollout, rolloutPages } from '../../rollouts/rollouts.js'
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
    using line = openProgressLine(terminal.stderr)
    const found: Rollout[] = []
    let total = 0
    for await (const page of rolloutPages(api, options.status)) {
      total = page.total
      found.push(...page.rollouts)
      if (found.length >= options.limit) break
      line.count(found.length, Math.min(total, options.limit), 'rollouts read')
    }
    line[Symbol.dispose]()
    const shown = found.slice(0, options.limit)
    if (options.output === 'json') {
      writeJson(terminal.stdout, { rollouts: shown, total })
      return EXIT.ok
    }
    const { stdout, stderr } = terminal
    if (shown.length > 0) stdout.write(`${rolloutTable(shown, Date.now(), stdout.colours).join('\n')}\n\n`)
    const isAll = shown.length >= total
    const text = total === 0 ? 'no rollouts' : count(isAll ? total : shown.length, 'rollout')
    stderr.write(isAll ? `${text}\n` : `the newest ${text} of ${total.toLocaleString('en-US')}; --limit shows more\n`)
    return EXIT.ok
  },
})
