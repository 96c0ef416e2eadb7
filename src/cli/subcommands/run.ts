import { EXIT } from '../../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../../command-line/failures.js'
import { flag, integer, pairs, text } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Terminal } from '../../command-line/terminal.js'
import { type Api, openApi } from '../call-operation.js'
import { getCommand } from '../history/commands.js'
import { count } from '../output/count.js'
import { writeJson } from '../output/json.js'
import { writeOutcomes, writeOutcomesJson } from '../output/outcomes-report.js'
import { openProgressLine, type ProgressLine } from '../output/progress-line.js'
import { turnText } from '../output/rollout-text.js'
import { ROLLOUT_OPTIONS, rolloutParameters } from '../rollouts/rollout-options.js'
import { type Rollout, withRollout } from '../rollouts/rollouts.js'
import { fetchOutcomes, follow, statesOfRun } from '../running/follow.js'
import { laterText, Leaving, leftText, pausedText, scheduleText } from '../running/leaving.js'
import { LiveOutput, withOutput } from '../running/live-output.js'
import { exitStatusOf } from '../running/outcomes.js'
import { parameterValues, readScript } from '../running/script.js'
import { RECORD_OPTIONS } from '../running/record.js'
import { type KeptScript, refersToSecrets, type Submission, submit } from '../running/submit.js'
import { submitToHosts } from '../running/submit-to-hosts.js'
import { choiceOf, COMMAND_TYPES, HOST_OPTIONS } from '../running/targets.js'
import { DEFAULT_TIMEOUT, explained, shorterTimeout, TIMEOUT_RANGE } from '../running/schedule-options.js'
import { tellWhoTook } from '../running/taken-by-hosts.js'
import { invocationsOf, refusedOf, tellKept } from '../running/tell.js'
import { CONNECTION_OPTIONS, readConnection } from '../settings.js'

export const run = defineSubcommand({
  name: 'run',
  summary: 'runs a command on hosts and shows what they answered, the same answers together',
  description: [
    'One word after -- is a shell script as it is; several are a program and its arguments, passed on exactly. Ctrl-C ' +
      'leaves: the command goes on, and it is said how to come back to it or stop it.',
  ],
  positionals: [{ name: 'COMMAND', about: 'what runs', many: true, optional: true, hidden: true }],
  rest: { name: 'COMMAND', about: 'what runs; the -- may be left out if there are no options in it' },
  options: {
    ...HOST_OPTIONS,
    script: text('Run the script in this file; - reads it from stdin.', { value: 'FILE' }),
    command: text('Run a kept command, or one that comes with the server, by its id or its name.', { value: 'ID' }),
    type: text('What runs it. Without it: by the file’s extension, else the shell.', { oneOf: COMMAND_TYPES }),
    timeout: integer(
      'Seconds after which a host ends it, 10 to 86,400. Without it 60, or what a schedule leaves for one run.',
      TIMEOUT_RANGE,
    ),
    workdir: text('Folder on the host to run it in.', { value: 'DIR' }),
    username: text('User on the host to run it as: letters, digits, _ . - and @; DOMAIN\\user on Windows.', {
      value: 'NAME',
    }),
    'windows-password-name': text('On Windows, name under which the host keeps the password of that user.', {
      value: 'NAME',
    }),
    container: text('Container on the host to run it in, by its id; without user and folder.', { value: 'ID' }),
    'container-name': text('The same by its name.', { value: 'NAME' }),
    launcher: text(
      'What starts it, with {{ACS::ScriptFileName}} for its path: python3 {{ACS::ScriptFileName|Ext(".py")}}',
      {
        value: 'LINE',
      },
    ),
    'termination-mode': text(
      'What a stop or the time limit ends. Without it: all that it started, with the vendor’s agent the script itself.',
      {
        oneOf: ['Process', 'ProcessTree'],
      },
    ),
    schedule: text('Run it again and again: cron fields from seconds on, rate(5m), or once at(2026-12-24 18:00:00).', {
      value: 'WHEN',
    }),
    'on-reboot': text('Run it when the host starts: the next time, or every time.', { oneOf: ['next', 'every'] }),
    'dry-run': flag('Let the hosts check it, without running it.'),
    ...ROLLOUT_OPTIONS,
    param: pairs('Value for {{NAME}} in the script.', { valueRequired: true }),
    'enable-parameter': flag('Fill in {{NAME}} also without --param, and what a host knows: {{ACS::InstanceId}}.'),
    'output-to': text('Deliver what each host writes to this folder of a store: oss://bucket/prefix', {
      value: 'ADDRESS',
    }),
    'allow-secret-on-disk': flag(
      'A script with {{oos-secret:NAME}} may also go where it stays on a disk: to the vendor’s agent, into a container.',
    ),
    name: text('Name of the command in the history.'),
    description: text('What it is for.'),
    keep: flag('Keep the script as a command, to be run again by its id, which is told.'),
    ...RECORD_OPTIONS,
    detach: flag('Submit it and do not wait.'),
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'On two hosts', line: 'openassist run -i mi-1 -i mi-2 -- uptime' },
    { about: 'A shell script in one word', line: "openassist run --all -- 'df -h / | tail -1'" },
    {
      about: 'Every night at two, by the clock of each host',
      line: "openassist run --all --schedule '0 0 2 * * ?' -- backup",
    },
    {
      about: 'With a secret (see openassist secret set)',
      line: "openassist run -i mi-1 -- 'mysql -p{{oos-secret:db-password}} -e status'",
    },
    {
      about: 'A file, on all hosts with a tag',
      line: 'openassist run --tag role=web --script deploy.sh --timeout 600',
    },
    {
      about: 'What comes with the server',
      line: 'openassist run --all --command OpenAssist-DiskUsage-Linux --param failAbove=90',
    },
    {
      about: 'First on one, then on a tenth, then on all, ten at a time, until three failed',
      line: 'openassist run --all --waves 1,10% --max-concurrent 10 --stop-after 3 --script deploy.sh',
    },
    {
      about: 'On hosts that are away, once they are back',
      line: 'openassist run --all --offline-timeout 3d -- update',
    },
  ],
  exitCodes: [
    {
      code: EXIT.ok,
      about:
        'It succeeded on every host; with --detach: it was accepted; with --schedule or --on-reboot: some host took it, or may ' +
        'still do so, as one that is waited for (--offline-timeout).',
    },
    { code: EXIT.failure, about: 'It failed on some host, every host refused the schedule, or the server refused it.' },
    { code: EXIT.noHost, about: 'It ran to its end nowhere: no host could be reached or finished in time.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
    { code: EXIT.interrupted, about: 'Left by Ctrl-C.' },
  ],
  run: async ({ options, words, rest, terminal }) => {
    const choice = choiceOf(options)
    const when = whenOf(options)
    const rollout = rolloutParameters(options)
    // Refused before anything is asked of the server.
    parameterValues(options.param)
    const given = { file: options.script, words: [...words, ...(rest ?? [])], type: options.type }
    if (options.command !== undefined) checkOnlyCommand(options, given.words)
    const read = options.command === undefined ? await readScript(given, terminal) : undefined
    using api = openApi(readConnection(options, terminal))
    using line = openProgressLine(terminal.stderr)
    const { script, timeoutSeconds } =
      read === undefined
        ? await keptScript(api, options.command ?? '', line)
        : { script: read, timeoutSeconds: shorterTimeout(options.schedule) }
    using leaving = new Leaving()
    const details = {
      script,
      // A kept command brings its own.
      timeoutSeconds: options.timeout ?? (read === undefined ? undefined : timeoutSeconds),
      workingDir: options.workdir,
      username: options.username,
      windowsPasswordName: options['windows-password-name'],
      containerId: options.container,
      containerName: options['container-name'],
      launcher: options.launcher,
      terminationMode: options['termination-mode'],
      allowSecretOnDisk: options['allow-secret-on-disk'],
      ...when,
      outputTo: options['output-to'],
      name: options.name,
      description: options.description,
      keep: options.keep,
      resourceGroup: options['resource-group'],
      tags: options['tag-as'],
      enableParameter: options['enable-parameter'],
      parameters: options.param,
      rollout,
    }
    const work = { purpose: 'to run it on', type: script.type, details, submit }
    const limit = options.timeout ?? timeoutSeconds ?? DEFAULT_TIMEOUT
    if (details.timeoutSeconds !== options.timeout) line.say(`One run may take ${limit} s, then comes the next.`)
    const done = await submitToHosts(api, choice, work, leaving.signal, line).catch((error: unknown) => {
      throw explained(error, options.schedule, limit)
    })
    if (done === undefined) return EXIT.interrupted
    const { submission, total } = done
    tellKept(submission.submitted, line)
    const repeats = options.schedule !== undefined || options['on-reboot'] === 'every'
    const later = (repeats ? scheduleText : laterText)(submission.submitted, options, terminal)
    // There is nothing to wait for before its time.
    const isLater = options.schedule !== undefined || options['on-reboot'] !== undefined
    if (isLater && !options.detach && !leaving.signal.aborted) {
      writeDetached(submission, options.output === 'json', terminal, line)
      const isTaken = await tellWhoTook(api, submission.submitted, terminal, line, leaving.signal)
      if (isTaken) line.say(later)
      return isTaken && submission.refused.length === 0 ? EXIT.ok : EXIT.failure
    }
    if (options.detach && !leaving.signal.aborted) {
      writeDetached(submission, options.output === 'json', terminal, line)
      line.say(later)
      return submission.refused.length > 0 ? EXIT.failure : EXIT.ok
    }
    const live = new LiveOutput(terminal.stdout, line)
    const isLive = options.output === 'text' && total === 1
    const ofHosts = isLive ? withOutput(live) : statesOfRun
    const rollouts = new Map<string, Rollout>()
    const tellTurn = (one: Rollout): void => line.say(turnText(one, options, terminal))
    const states = rollout.length === 0 ? ofHosts : withRollout(ofHosts, tellTurn, rollouts)
    await follow(api, submission.submitted, (progress) => line.showBeside(live, progress), leaving.signal, states)
    if (leaving.signal.aborted) {
      line.endLineOf(live)
      const left = leftText(submission.submitted, rollouts, 'it goes on')
      tellLeft(submission, total, left, `${later}${pausedText(rollouts, options, terminal)}`, line)
      return EXIT.interrupted
    }
    const outcomes = await fetchOutcomes(api, submission.submitted)
    line[Symbol.dispose]()
    if (options.output === 'json') await writeOutcomesJson(api, submission, outcomes, terminal)
    else writeOutcomes(submission.submitted, outcomes, terminal, live)
    const isReady = options['dry-run'] && outcomes.every(({ status }) => status === 'Success')
    if (isReady) line.say(`Checked: it would run on ${count(total, 'host')}, with this user, folder and parameters.`)
    return exitStatusOf(outcomes, submission.refused.length > 0)
  },
})

/** What says what a script is belongs to one that is given here. */
const checkOnlyCommand = (
  options: {
    readonly script?: string | undefined
    readonly type?: string | undefined
    readonly name?: string | undefined
    readonly description?: string | undefined
    readonly keep: boolean
    readonly 'enable-parameter': boolean
  },
  words: readonly string[],
): void => {
  if (words.length > 0) throw new UsageError('give a command to run, or --command ID, not both.')
  const others = ['script', 'type', 'name', 'description', 'keep', 'enable-parameter'] as const
  const given = others.find((name) => options[name] !== undefined && options[name] !== false)
  if (given !== undefined) throw new UsageError(`--command and --${given} exclude each other.`)
}

const keptScript = async (
  api: Api,
  idOrName: string,
  line: ProgressLine,
): Promise<{ readonly script: KeptScript; readonly timeoutSeconds: number }> => {
  const { commandId, type, timeoutSeconds, enableParameter, script } = await getCommand(api, idOrName)
  if (!enableParameter && refersToSecrets(Buffer.from(script)))
    line.say(
      `${commandId} names a secret, but is a command without parameters: {{oos-secret:…}} runs as text. Make it anew: openassist commands create`,
    )
  const known = COMMAND_TYPES.find((one) => one === type)
  if (known === undefined) throw new CommandFailure(`${commandId} is a command of a type that is not known here.`)
  return { script: { commandId, type: known }, timeoutSeconds }
}

/** How often, in the words of the API. */
const whenOf = (options: {
  readonly schedule?: string | undefined
  readonly 'on-reboot'?: string | undefined
  readonly 'dry-run': boolean
}): { readonly repeatMode: string | undefined; readonly frequency: string | undefined } => {
  const reboot = options['on-reboot']
  const said = [options.schedule, reboot, options['dry-run'] || undefined].filter((one) => one !== undefined)
  if (said.length > 1) throw new UsageError('--schedule, --on-reboot and --dry-run exclude each other.')
  if (reboot !== undefined)
    return { repeatMode: reboot === 'next' ? 'NextRebootOnly' : 'EveryReboot', frequency: undefined }
  return { repeatMode: options['dry-run'] ? 'DryRun' : undefined, frequency: options.schedule }
}

const tellLeft = (
  { submitted, refused }: Submission,
  total: number,
  left: string,
  later: string,
  line: ProgressLine,
): void => {
  const asked = [...submitted, ...refused].reduce((sum, { targets }) => sum + targets.length, 0)
  if (submitted.length === 0) line.say('Left before anything was submitted.')
  else if (asked === total) line.say(`${left}\n${later}`)
  else line.say(`Left; it goes on, but was not submitted to ${count(total - asked, 'host')}.\n${later}`)
}

const writeDetached = (
  { submitted, refused }: Submission,
  asJson: boolean,
  { stdout }: Terminal,
  line: ProgressLine,
): void => {
  line[Symbol.dispose]()
  if (asJson) writeJson(stdout, { invocations: invocationsOf(submitted), refused: refusedOf(refused) })
  else for (const { invokeId } of submitted) stdout.write(`${invokeId}\n`)
}
