import { EXIT } from '../../command-line/exit-codes.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import { openApi } from '../call-operation.js'
import { countsText } from '../output/rollout-text.js'
import { CONNECTION_OPTIONS, readConnection } from '../settings.js'
import { getRollout } from './rollouts.js'

/** A subcommand that changes the status of a rollout, and tells what became of it. */
export const controlSubcommand = (
  verb: 'pause' | 'resume' | 'cancel',
  action: 'PauseRollout' | 'ResumeRollout' | 'CancelRollout',
  summary: string,
  description: string,
) =>
  defineSubcommand({
    name: `rollouts ${verb}`,
    summary,
    description: [description],
    positionals: [{ name: 'ID', about: 'the invocation (t-…) or the file send (f-…)' }],
    options: CONNECTION_OPTIONS,
    examples: [{ about: 'One rollout', line: `openassist rollouts ${verb} t-1` }],
    exitCodes: [
      { code: EXIT.failure, about: 'There is no such rollout, or it is over.' },
      { code: EXIT.noServer, about: 'The server cannot be reached.' },
    ],
    run: async ({ options, words: [invokeId = ''], terminal }) => {
      using api = openApi(readConnection(options, terminal))
      await api.call(action, [['InvokeId', invokeId]])
      const rollout = await getRollout(api, invokeId)
      terminal.stderr.write(`${invokeId} is ${rollout.status}. ${countsText(rollout)}\n`)
      return EXIT.ok
    },
  })
