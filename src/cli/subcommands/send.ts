import { EXIT } from '../../command-line/exit-codes.js'
import { UsageError } from '../../command-line/failures.js'
import { flag, integer, text } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Terminal } from '../../command-line/terminal.js'
import { openApi } from '../call-operation.js'
import { withNames } from '../host-names.js'
import { writeJson } from '../output/json.js'
import { writeFileOutcomes } from '../output/outcomes-report.js'
import { openProgressLine } from '../output/progress-line.js'
import { follow } from '../running/follow.js'
import { Leaving, leftText, sendText } from '../running/leaving.js'
import { exitStatusOf, type Outcome } from '../running/outcomes.js'
import type { Submission } from '../running/submit.js'
import { RECORD_OPTIONS } from '../running/record.js'
import { MOST_TIMEOUT } from '../running/schedule-options.js'
import { submitToHosts } from '../running/submit-to-hosts.js'
import { choiceOf, HOST_OPTIONS } from '../running/targets.js'
import { invocationsOf, refusedOf } from '../running/tell.js'
import { fetchFileOutcomes, readFileToSend, sendFile, statesOfSend } from '../sending/send-file.js'
import { turnText } from '../output/rollout-text.js'
import { ROLLOUT_OPTIONS, rolloutParameters } from '../rollouts/rollout-options.js'
import { type Rollout, withRollout } from '../rollouts/rollouts.js'
import { CONNECTION_OPTIONS, readConnection } from '../settings.js'

const onHosts = 'The file on the hosts'

export const send = defineSubcommand({
  name: 'send',
  summary: 'sends a file to hosts and shows where it arrived',
  description: [
    'A file of at most 24 KB. It arrives whole or not at all; one that is there already stays unless --overwrite is ' +
      'given. Ctrl-C leaves, and it is said how to come back: what was sent cannot be called back, only hosts that wait for ' +
      'their turn can be left out.',
  ],
  positionals: [{ name: 'FILE', about: 'the file; - reads it from stdin' }],
  options: {
    ...HOST_OPTIONS,
    to: text('Folder on the hosts, from the root; it is made when it is missing.', { value: 'DIR', group: onHosts }),
    name: text('Its name there, without / and \\. Without it, the name that it has here.', { group: onHosts }),
    mode: text('Its mode, in octal. Without it, 0644.', { group: onHosts }),
    owner: text('Its owner. Without it, root.', { value: 'NAME', group: onHosts }),
    group: text('Its group. Without it, root.', { value: 'NAME', group: onHosts }),
    overwrite: flag('Replace a file of that name.', { group: onHosts }),
    timeout: integer('Seconds that a host may take, 86,400 at most; fewer than 10 count as 10. Without it, 60.', {
      value: 'SECONDS',
      min: 1,
      max: MOST_TIMEOUT,
    }),
    description: text('What it is for, for the history.'),
    ...ROLLOUT_OPTIONS,
    ...RECORD_OPTIONS,
    detach: flag('Send it and do not wait.'),
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'To two hosts', line: 'openassist send motd -i mi-1 -i mi-2 --to /etc --overwrite' },
    {
      about: 'To all hosts with a tag, for one user only',
      line: 'openassist send app.conf --tag role=web --to /etc/app --owner app --group app --mode 0600',
    },
    { about: 'What another program writes', line: 'generate | openassist send - --name hosts --all --to /srv' },
  ],
  exitCodes: [
    { code: EXIT.ok, about: 'It arrived on every host; with --detach: it was accepted.' },
    { code: EXIT.failure, about: 'It was refused or failed on some host, or the server refused it.' },
    { code: EXIT.noHost, about: 'It arrived nowhere: no host could be reached or said in time that it has it.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
    { code: EXIT.interrupted, about: 'It was left by Ctrl-C.' },
  ],
  run: async ({ options, words, terminal }) => {
    const choice = choiceOf(options)
    const rollout = rolloutParameters(options)
    if (options.to === undefined) throw new UsageError('it is not said where to: give --to.')
    const file = await readFileToSend(words[0] ?? '', options.name, terminal)
    using api = openApi(readConnection(options, terminal))
    using leaving = new Leaving()
    using line = openProgressLine(terminal.stderr)
    const details = {
      ...file,
      directory: options.to,
      mode: options.mode,
      owner: options.owner,
      group: options.group,
      overwrite: options.overwrite,
      timeoutSeconds: options.timeout,
      description: options.description,
      resourceGroup: options['resource-group'],
      tags: options['tag-as'],
      rollout,
    }
    const work = { purpose: 'to send it to', type: undefined, details, submit: sendFile }
    const done = await submitToHosts(api, choice, work, leaving.signal, line)
    if (done === undefined) return EXIT.interrupted
    const { submission } = done
    const { submitted, refused } = submission
    const later = sendText(submitted, rollout.length > 0, options, terminal)
    if (options.detach && !leaving.signal.aborted) {
      line[Symbol.dispose]()
      if (options.output === 'json') writeSends(submission, undefined, terminal)
      else for (const { invokeId } of submitted) terminal.stdout.write(`${invokeId}\n`)
      line.say(later)
      return refused.length > 0 ? EXIT.failure : EXIT.ok
    }
    const rollouts = new Map<string, Rollout>()
    const tellTurn = (one: Rollout): void => line.say(turnText(one, options, terminal))
    const states = rollout.length === 0 ? statesOfSend : withRollout(statesOfSend, tellTurn, rollouts)
    await follow(api, submitted, (progress) => line.show(progress), leaving.signal, states)
    if (leaving.signal.aborted) {
      const how =
        rollout.length > 0 ? 'hosts get it in their turns, after a pause only once it is over' : 'it is on its way'
      if (submitted.length > 0) line.say(`${leftText(submitted, rollouts, how)}\n${later}`)
      return EXIT.interrupted
    }
    const outcomes = await fetchFileOutcomes(api, submitted)
    line[Symbol.dispose]()
    if (options.output === 'json') writeSends(submission, await withNames(api, outcomes), terminal)
    else writeFileOutcomes(submitted, outcomes, terminal)
    return exitStatusOf(outcomes, refused.length > 0)
  },
})

const writeSends = (
  { submitted, refused }: Submission,
  outcomes: readonly Outcome[] | undefined,
  { stdout }: Terminal,
): void => {
  const sends = invocationsOf(submitted)
  const told = outcomes?.map(withoutOutput)
  writeJson(stdout, { sends, refused: refusedOf(refused), ...(told === undefined ? {} : { hosts: told }) })
}

/** A file has no output. */
const withoutOutput = ({ instanceId, name, invokeId, status, errorCode, errorInfo, ...times }: Outcome) => {
  const { startTime, finishTime } = times
  return { instanceId, name, invokeId, status, errorCode, errorInfo, startTime, finishTime }
}
