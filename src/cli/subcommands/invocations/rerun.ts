import { EXIT } from '../../../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../../../command-line/failures.js'
import { flag, text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { countHosts, getInvocation, hasFailed } from '../../history/invocations.js'
import { rerunCall } from '../../history/rerun.js'
import { count } from '../../output/count.js'
import { hostsText } from '../../output/invocation-text.js'
import { writeJson } from '../../output/json.js'
import { openProgressLine } from '../../output/progress-line.js'
import { ROLLOUT_OPTIONS, rolloutParameters } from '../../rollouts/rollout-options.js'
import { laterText, Leaving } from '../../running/leaving.js'
import { submitCall } from '../../running/submit.js'
import { invocationsOf, tellRefused } from '../../running/tell.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const rerun = defineSubcommand({
  name: 'invocations rerun',
  summary: 'runs the same again on the hosts where it failed',
  description: [
    'Failed are hosts in the states Failed, Invalid, Aborted, Timeout and Error: also those that could not be reached. ' +
      'Not failed are those where it was stopped (Cancelled, Terminated) and those that have not finished.',
    'It is the same script with the same parameters, user, directory, time limit, launcher and tags, run once; hosts get their turns anew. A kept ' +
      'command is invoked by its id. The answer is the new invocation’s id.',
  ],
  positionals: [{ name: 'ID', about: 'the invocation (t-…)' }],
  options: {
    failed: flag('On the hosts where it failed. Must be given.'),
    'allow-secret-on-disk': flag('As of run; it is not taken over.'),
    ...ROLLOUT_OPTIONS,
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'Once more where it failed', line: 'openassist invocations rerun t-1 --failed' },
    {
      about: 'And wait for it',
      line: 'openassist invocations rerun t-1 --failed | xargs openassist invocations watch',
    },
  ],
  exitCodes: [
    { code: EXIT.failure, about: 'It failed nowhere, or the server refused it.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words: [invokeId = ''], terminal }) => {
    if (!options.failed) throw new UsageError('say on which hosts: --failed.')
    const rollout = rolloutParameters(options)
    using api = openApi(readConnection(options, terminal))
    using leaving = new Leaving()
    using line = openProgressLine(terminal.stderr)
    const invocation = await getInvocation(api, invokeId)
    const counts = countHosts(invocation.hosts)
    const targets = invocation.hosts.filter(hasFailed).map(({ instanceId }) => ({ instanceId, name: '' }))
    if (targets.length === 0) throw new CommandFailure(`it failed nowhere. ${hostsText(counts)}.`)
    let accepted = 0
    const again = await rerunCall(api, invocation, options['allow-secret-on-disk'])
    const call = { ...again, parameters: [...again.parameters, ...rollout], isOne: rollout.length > 0 }
    const { submitted, refused } = await submitCall(api, targets, call, leaving.signal, (hosts) => {
      accepted += hosts
      line.count(accepted, targets.length, 'hosts submitted')
    })
    line[Symbol.dispose]()
    tellRefused(refused, line)
    if (counts.unfinished > 0) line.say(`${count(counts.unfinished, 'host')} not finished yet: not among these.`)
    if (options.output === 'json') writeJson(terminal.stdout, { invocations: invocationsOf(submitted) })
    else for (const one of submitted) terminal.stdout.write(`${one.invokeId}\n`)
    if (submitted.length > 0) {
      line.say(`Submitted to ${count(accepted, 'host')}.\n${laterText(submitted, options, terminal)}`)
    }
    if (leaving.signal.aborted) return EXIT.interrupted
    return refused.length > 0 ? EXIT.failure : EXIT.ok
  },
})
