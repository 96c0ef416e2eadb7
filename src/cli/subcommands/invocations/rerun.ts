import { randomUUID } from 'node:crypto'
import { EXIT } from '../../../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../../../command-line/failures.js'
import { flag, text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { textAt } from '../../answer.js'
import { openApi } from '../../call-operation.js'
import { countHosts, getInvocation } from '../../history/invocations.js'
import { rerunCall } from '../../history/rerun.js'
import { count } from '../../output/count.js'
import { hostsText } from '../../output/invocation-text.js'
import { writeJson } from '../../output/json.js'
import { ROLLOUT_OPTIONS, rolloutAgain, rolloutParameters } from '../../rollouts/rollout-options.js'
import { findRollout } from '../../rollouts/rollouts.js'
import { laterText, Leaving, sendText } from '../../running/leaving.js'
import { getFile, isFileId } from '../../sending/files.js'
import { resendParameters } from '../../sending/rerun-file.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const rerun = defineSubcommand({
  name: 'invocations rerun',
  summary: 'runs the same again on the hosts where it failed',
  description: [
    'Failed are hosts in the states Failed, Invalid, Aborted, Timeout and Error: also those that could not be reached. ' +
      'Not failed are those where it was stopped (Cancelled, Terminated) and those that have not finished. ' +
      'Hosts that a rollout left out because it halted are run on, too.',
    'It is the same script with the same parameters, user, directory, time limit, launcher, description, resource group ' +
      'and tags, run once. A kept command is invoked by its id. The answer is the new invocation’s id.',
    'Of a file (f-…), it is the same file with the same name, folder, owner, group, mode, time limit, description, resource ' +
      'group and tags.',
    'Hosts that had turns get them as before, as far as no option says otherwise, and are one invocation again.',
  ],
  positionals: [{ name: 'ID', about: 'the invocation (t-…), or the file that was sent (f-…)' }],
  options: {
    failed: flag('On the hosts where it failed. Must be given.'),
    'allow-secret-on-disk': flag('As of run; it is not taken over.'),
    ...ROLLOUT_OPTIONS,
    'at-once': flag('Whatever turns they had, all at once.', { group: ROLLOUT_OPTIONS.waves.group }),
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'Once more where it failed', line: 'openassist invocations rerun t-1 --failed' },
    { about: 'A file once more where it did not arrive', line: 'openassist invocations rerun f-1 --failed' },
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
    const said = rolloutParameters(options['at-once'] ? options : {})
    if (said.length > 0) throw new UsageError('--at-once and turns of the hosts exclude each other.')
    using api = openApi(readConnection(options, terminal))
    const { stdout, stderr } = terminal
    const isFile = isFileId(invokeId)
    const earlier = isFile ? await getFile(api, invokeId) : await getInvocation(api, invokeId)
    const counts = countHosts(earlier.hosts)
    if (counts.failed === 0) throw new CommandFailure(`it failed nowhere. ${hostsText(counts)}.`)
    const rollout = options['at-once'] ? [] : rolloutAgain(options, await findRollout(api, invokeId))
    const { action, parameters } =
      'scriptBase64' in earlier
        ? await rerunCall(api, earlier, rollout, options['allow-secret-on-disk'])
        : { action: 'SendFile', parameters: [...(await resendParameters(api, earlier)), ...rollout] }
    // Not ended by Ctrl-C: a call that was sent is waited for, so that what it started is known and can be stopped.
    using leaving = new Leaving()
    // A repeated call must not run anything twice.
    const answer = await api.call(action, [...parameters, ['ClientToken', randomUUID()]])
    const again = textAt(answer, 'InvokeId')
    if (options.output === 'text') stdout.write(`${again}\n`)
    const { hosts } = isFile ? await getFile(api, again) : await getInvocation(api, again)
    if (options.output === 'json') {
      const instanceIds = hosts.map(({ instanceId }) => instanceId)
      writeJson(stdout, { [isFile ? 'sends' : 'invocations']: [{ invokeId: again, instanceIds }] })
    }
    if (hosts.length < counts.failed) stderr.write(`${count(counts.failed - hosts.length, 'host')} no longer there.\n`)
    if (counts.unfinished > 0) stderr.write(`${count(counts.unfinished, 'host')} not finished yet: not among these.\n`)
    const turns = rollout.length === 0 ? '' : `, in turns (${rollout.map((pair) => pair.join(' ')).join(', ')})`
    stderr.write(`Submitted to ${count(hosts.length, 'host')}${turns}.\n`)
    const later = isFile
      ? sendText([{ invokeId: again }], rollout.length > 0, options, terminal)
      : laterText([{ invokeId: again }], options, terminal)
    stderr.write(`${later}\n`)
    return leaving.signal.aborted ? EXIT.interrupted : EXIT.ok
  },
})
