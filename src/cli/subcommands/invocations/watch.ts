import { EXIT } from '../../../command-line/exit-codes.js'
import { text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { getInvocation } from '../../history/invocations.js'
import { writeOutcomes, writeOutcomesJson } from '../../output/outcomes-report.js'
import { openProgressLine } from '../../output/progress-line.js'
import { turnText } from '../../output/rollout-text.js'
import { withRollout } from '../../rollouts/rollouts.js'
import { fetchOutcomes, follow, statesOfRun } from '../../running/follow.js'
import { laterText, Leaving } from '../../running/leaving.js'
import { exitStatusOf } from '../../running/outcomes.js'
import type { Submitted } from '../../running/submit.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const watch = defineSubcommand({
  name: 'invocations watch',
  summary: 'waits for an invocation as “run” does, and shows what the hosts answered',
  description: ['Ctrl-C leaves; what is watched goes on. Its results are there at once when it is over already.'],
  positionals: [{ name: 'ID', about: 'the invocation (t-…); several are watched together', many: true }],
  options: {
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [{ about: 'Come back to a run that was left', line: 'openassist invocations watch t-1' }],
  exitCodes: [
    { code: EXIT.ok, about: 'It succeeded on every host.' },
    { code: EXIT.failure, about: 'It failed on some host, or there is no such invocation.' },
    { code: EXIT.noHost, about: 'It ran to its end nowhere: no host could be reached or finished in time.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
    { code: EXIT.interrupted, about: 'Left by Ctrl-C.' },
  ],
  run: async ({ options, words, terminal }) => {
    using api = openApi(readConnection(options, terminal))
    using leaving = new Leaving()
    using line = openProgressLine(terminal.stderr)
    const ids = [...new Set(words)]
    const left = (): number => {
      const watched = ids.map((invokeId) => ({ invokeId }))
      line.say(`Left; it goes on.\n${laterText(watched, options, terminal)}`)
      return EXIT.interrupted
    }
    const submitted: Submitted[] = []
    try {
      for (const invokeId of ids) {
        const { hosts } = await getInvocation(api, invokeId, leaving.signal)
        submitted.push({ invokeId, targets: hosts.map(({ instanceId }) => ({ instanceId, name: '' })) })
      }
    } catch (error) {
      if (leaving.signal.aborted) return left()
      throw error
    }
    const states = withRollout(statesOfRun, (one) => line.say(turnText(one, options, terminal)))
    await follow(api, submitted, (progress) => line.show(progress), leaving.signal, states)
    if (leaving.signal.aborted) return left()
    const outcomes = await fetchOutcomes(api, submitted)
    line[Symbol.dispose]()
    if (options.output === 'json') await writeOutcomesJson(api, { submitted, refused: [] }, outcomes, terminal)
    else writeOutcomes(submitted, outcomes, terminal)
    return exitStatusOf(outcomes, false)
  },
})
