import { EXIT } from '../../../command-line/exit-codes.js'
import { text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { writeJson } from '../../output/json.js'
import { rolloutText } from '../../output/rollout-text.js'
import { getRollout } from '../../rollouts/rollouts.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const show = defineSubcommand({
  name: 'rollouts show',
  summary: 'shows how far a rollout is, and what holds it up',
  positionals: [{ name: 'ID', about: 'the invocation (t-…) or the file send (f-…)' }],
  options: {
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [{ about: 'One rollout', line: 'openassist rollouts show t-1' }],
  exitCodes: [
    { code: EXIT.failure, about: 'There is no such rollout.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words: [invokeId = ''], terminal }) => {
    using api = openApi(readConnection(options, terminal))
    const rollout = await getRollout(api, invokeId)
    if (options.output === 'json') writeJson(terminal.stdout, rollout)
    else terminal.stdout.write(rolloutText(rollout, Date.now(), terminal.stdout))
    return EXIT.ok
  },
})
