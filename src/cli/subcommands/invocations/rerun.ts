import { randomUUID } from 'node:crypto'
import { EXIT } from '../../../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../../../command-line/failures.js'
import { flag, text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { RefusedCall } from '../../call-failures.js'
import { openApi } from '../../call-operation.js'
import { countHosts, getInvocation } from '../../history/invocations.js'
import { rerunCall } from '../../history/rerun.js'
import { hostsToRunAgain, submitAgain } from '../../history/submit-again.js'
import { count } from '../../output/count.js'
import { hostsText } from '../../output/invocation-text.js'
import { writeJson } from '../../output/json.js'
import { ROLLOUT_OPTIONS, rolloutAgain, rolloutParameters } from '../../rollouts/rollout-options.js'
import { findRollout } from '../../rollouts/rollouts.js'
import { repeatedParameter } from '../../pages.js'
import { laterText, Leaving, sendText } from '../../running/leaving.js'
import { HOSTS_PER_CALL, type Submitted } from '../../running/submit.js'
import type { Target } from '../../running/targets.js'
import { invocationsOf, refusedOf, tellRefused } from '../../running/tell.js'
import { getFile, isFileId } from '../../sending/files.js'
import { resendParameters } from '../../sending/rerun-file.js'
import { FILE_HOSTS_PER_CALL } from '../../sending/send-file.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const rerun = defineSubcommand({
  name: 'invocations rerun',
  summary: 'runs the same again on the hosts where it failed',
  description: [
    'Failed are hosts in the states Failed, Invalid, Aborted, Timeout and Error: also those that could not be reached. ' +
      'Not failed are those where it was stopped (Cancelled, Terminated) and those that have not finished. ' +
      'Hosts that a rollout left out because it halted are run on, too.',
    'It is the same script with the same parameters, user, directory, time limit, launcher, description, resource group ' +
      'and tags, run once. A kept command is invoked by its id. The answer is the new invocation’s id; without turns, of more ' +
      'hosts than one call takes, that of each.',
    'Of a file (f-…), it is the same file with the same name, folder, owner, group, mode, time limit, description, resource ' +
      'group and tags.',
    'Hosts that had turns get them as before, as far as no option says otherwise, and are one invocation again.',
  ],
  positionals: [{ name: 'ID', about: 'the invocation (t-…), or the file that was sent (f-…)' }],
  options: {
    failed: flag('On the hosts where it failed. Must be given.'),
    'allow-secret-on-disk': flag('As of run; it is not taken over.'),
    ...ROLLOUT_OPTIONS,
    'at-once': flag('Whatever turns they had, all at once; in as many invocations as calls take them.', {
      group: ROLLOUT_OPTIONS.waves.group,
    }),
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
    { code: EXIT.failure, about: 'It failed nowhere, or the server refused it, for some hosts or for all.' },
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
    const had = await findRollout(api, invokeId).catch((error: unknown) => {
      // Whoever may not see rollouts, and a server that has none, can have it all at once: the server knows whom a halt left out.
      if (error instanceof RefusedCall && options['at-once']) return undefined
      throw error
    })
    const expected = hostsToRunAgain(earlier.hosts, had === undefined || had.status === 'Halted')
    if (expected.length === 0) throw new CommandFailure(`it failed nowhere. ${hostsText(counts)}.`)
    const rollout = options['at-once'] ? [] : rolloutAgain(options, had)
    const { action, parameters } =
      'scriptBase64' in earlier
        ? await rerunCall(api, earlier, rollout, options['allow-secret-on-disk'])
        : { action: 'SendFile', parameters: [...(await resendParameters(api, earlier)), ...rollout] }
    const call = (targets: readonly Target[]) => {
      const instanceIds = targets.map(({ instanceId }) => instanceId)
      // A repeated call must not run anything twice.
      const once = ['ClientToken', randomUUID()] as const
      return api.call(action, [...parameters, once, ...repeatedParameter('InstanceId', instanceIds)])
    }
    // Not ended by Ctrl-C: a call that was sent is waited for, so that what it started is known and can be stopped.
    using leaving = new Leaving()
    const most = isFile ? FILE_HOSTS_PER_CALL : HOSTS_PER_CALL
    const again = await submitAgain(call, expected, most, rollout.length > 0, leaving.signal)
    if (options.output === 'text') for (const id of again.invokeIds) stdout.write(`${id}\n`)
    const submitted: Submitted[] = []
    for (const id of again.invokeIds) {
      const { hosts } = isFile ? await getFile(api, id) : await getInvocation(api, id)
      submitted.push({ invokeId: id, targets: hosts.map(({ instanceId }) => ({ instanceId, name: '' })) })
    }
    if (options.output === 'json') {
      const told = { [isFile ? 'sends' : 'invocations']: invocationsOf(submitted), refused: refusedOf(again.refused) }
      writeJson(stdout, told)
    }
    const say = (line: string): void => stderr.write(`${line}\n`)
    tellRefused(again.refused, { say })
    const amount = hostsOf(submitted)
    const gone = expected.length - amount - hostsOf(again.refused) - again.notAsked
    if (gone > 0) say(`${count(gone, 'host')} no longer there.`)
    if (counts.unfinished > 0) say(`${count(counts.unfinished, 'host')} not finished yet: not among these.`)
    if (again.notAsked > 0) say(`Left; it was not submitted to ${count(again.notAsked, 'host')}.`)
    // Left in the first call, or nobody is there any more: there is nothing to come back to.
    if (submitted.length === 0) return leaving.signal.aborted ? EXIT.interrupted : EXIT.failure
    const turns = rollout.length === 0 ? '' : `, in turns (${rollout.map((pair) => pair.join(' ')).join(', ')})`
    const parts = submitted.length > 1 ? `, in ${submitted.length} parts` : ''
    say(`Submitted to ${count(amount, 'host')}${parts}${turns}.`)
    say(isFile ? sendText(submitted, rollout.length > 0, options, terminal) : laterText(submitted, options, terminal))
    if (leaving.signal.aborted) return EXIT.interrupted
    return again.refused.length > 0 ? EXIT.failure : EXIT.ok
  },
})

const hostsOf = (calls: readonly { readonly targets: readonly Target[] }[]): number =>
  calls.reduce((sum, { targets }) => sum + targets.length, 0)
