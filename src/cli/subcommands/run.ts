import { escapeControlInJson } from '../../command-line/escape-control.js'
import { calledAs } from '../../command-line/called-as.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { CommandFailure } from '../../command-line/failures.js'
import { onInterrupt } from '../../command-line/interrupts.js'
import { flag, integer, pairs, text } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Terminal } from '../../command-line/terminal.js'
import { type Api, openApi } from '../call-operation.js'
import { groupHeading, groupsText, outputText } from '../output/outcome-text.js'
import { openProgressLine, type ProgressLine } from '../output/progress-line.js'
import { fetchOutcomes, follow, stop } from '../running/follow.js'
import { exitStatusOf, groupOutcomes, type Outcome } from '../running/outcomes.js'
import { readScript } from '../running/script.js'
import { type Submission, submit, type Submitted } from '../running/submit.js'
import { choiceOf, COMMAND_TYPES, findTargets, HOST_OPTIONS } from '../running/targets.js'
import {
  invocationsOf,
  noHost,
  refusedOf,
  resultsText,
  summaryLine,
  tellRefused,
  tellSkipped,
} from '../running/tell.js'
import { CONNECTION_OPTIONS, readConnection, sameServer } from '../settings.js'

export const run = defineSubcommand({
  name: 'run',
  summary: 'runs a command on hosts and shows what they answered, the same answers together',
  description: [
    'One word after -- is a shell script as it is; several are a program and its arguments, passed on exactly. Ctrl-C ' +
      'stops the command on the hosts; a second one leaves without waiting for that.',
  ],
  positionals: [{ name: 'COMMAND', about: 'what runs', many: true, optional: true, hidden: true }],
  rest: { name: 'COMMAND', about: 'what runs; the -- may be left out if there are no options in it' },
  options: {
    ...HOST_OPTIONS,
    script: text('Run the script in this file; - reads it from stdin.', { value: 'FILE' }),
    type: text('What runs it. Without it: by the file’s extension, else the shell.', { oneOf: COMMAND_TYPES }),
    timeout: integer('Seconds after which a host ends it. Without it, 60.', { value: 'SECONDS', min: 1 }),
    workdir: text('Folder on the host to run it in.', { value: 'DIR' }),
    username: text('User on the host to run it as.', { value: 'NAME' }),
    launcher: text('What starts it, {{ACS::ScriptFileName}} for its path: python3 {{ACS::ScriptFileName|Ext(".py")}}', {
      value: 'LINE',
    }),
    'termination-mode': text('What a stop or the time limit ends. Without it: as the agent does it.', {
      oneOf: ['Process', 'ProcessTree'],
    }),
    param: pairs('Value for {{NAME}} in the script.', { valueRequired: true }),
    name: text('Name of the command in the history.'),
    detach: flag('Submit it and do not wait.'),
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'On two hosts', line: 'openassist run -i mi-1 -i mi-2 -- uptime' },
    { about: 'A shell script in one word', line: "openassist run --all -- 'df -h / | tail -1'" },
    {
      about: 'A file, on all hosts with a tag',
      line: 'openassist run --tag role=web --script deploy.sh --timeout 600',
    },
  ],
  exitCodes: [
    { code: EXIT.ok, about: 'It succeeded on every host; with --detach: it was accepted.' },
    { code: EXIT.failure, about: 'It failed on some host, or the server refused it.' },
    { code: EXIT.noHost, about: 'It ran to its end nowhere: no host could be reached or finished in time.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
    { code: EXIT.interrupted, about: 'It was stopped by Ctrl-C.' },
  ],
  run: async ({ options, words, rest, terminal }) => {
    const choice = choiceOf(options)
    const given = { file: options.script, words: [...words, ...(rest ?? [])], type: options.type }
    const script = await readScript(given, terminal)
    using api = openApi(readConnection(options, terminal))
    using interrupts = new Interrupts()
    using line = openProgressLine(terminal.stderr)
    const found = await findTargets(api, choice, script.type, interrupts.first).catch((error: unknown) => {
      if (interrupts.first.aborted) return undefined
      throw error
    })
    if (found === undefined) return EXIT.interrupted
    tellSkipped(found, line)
    if (found.targets.length === 0) throw new CommandFailure(noHost(choice, found, 'to run it on'))
    const asked = `${calledAs(terminal.cwd)} call DescribeInvocationResults${sameServer(options, terminal)}`
    const details = {
      script,
      timeoutSeconds: options.timeout,
      workingDir: options.workdir,
      username: options.username,
      launcher: options.launcher,
      terminationMode: options['termination-mode'],
      name: options.name,
      parameters: options.param,
    }
    const total = found.targets.length
    let accepted = 0
    const submission = await submit(api, found.targets, details, interrupts.first, (targets) => {
      accepted += targets
      line.show({ total, waiting: accepted, running: 0, succeeded: 0, failed: 0, trouble: '' })
    })
    tellRefused(submission.refused, line)
    if (options.detach && !interrupts.first.aborted) {
      tellDetached(submission.submitted, asked, options.output === 'json', terminal, line)
      return submission.refused.length > 0 ? EXIT.failure : EXIT.ok
    }
    const left = await waitOrStop(api, submission.submitted, asked, interrupts, line)
    if (left) return EXIT.interrupted
    const outcomes = await fetchOutcomes(api, submission.submitted)
    line[Symbol.dispose]()
    if (options.output === 'json') writeJson(submission, outcomes, terminal)
    else writeText(submission, outcomes, terminal)
    return interrupts.first.aborted ? EXIT.interrupted : exitStatusOf(outcomes, submission.refused.length > 0)
  },
})

/** The first Ctrl-C stops the command, the second one leaves. */
class Interrupts implements Disposable {
  readonly #first = new AbortController()
  readonly #second = new AbortController()
  readonly #listening = onInterrupt(() => (this.#first.signal.aborted ? this.#second : this.#first).abort())
  readonly first = this.#first.signal
  readonly second = this.#second.signal;

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
  }
}

/** @returns whether the person left before everything was final */
const waitOrStop = async (
  api: Api,
  submitted: readonly Submitted[],
  asked: string,
  interrupts: Interrupts,
  line: ProgressLine,
): Promise<boolean> => {
  await follow(api, submitted, (progress) => line.show(progress), interrupts.first)
  if (!interrupts.first.aborted) return false
  line.say('Stopping it on the hosts that have not finished. Ctrl-C again leaves without waiting.')
  const failures = await stop(api, submitted)
  for (const failure of failures) {
    line.say(`It could not be stopped: ${failure instanceof Error ? failure.message : String(failure)}`)
  }
  await follow(api, submitted, (progress) => line.show(progress), interrupts.second)
  if (!interrupts.second.aborted) return false
  line.say(`Left. ${resultsText(submitted, asked)}`)
  return true
}

const tellDetached = (
  submitted: readonly Submitted[],
  asked: string,
  asJson: boolean,
  { stdout }: Terminal,
  line: ProgressLine,
): void => {
  line[Symbol.dispose]()
  if (asJson) {
    stdout.write(`${escapeControlInJson(JSON.stringify({ invocations: invocationsOf(submitted) }, null, 2))}\n`)
    return
  }
  for (const { invokeId } of submitted) stdout.write(`${invokeId}\n`)
  line.say(resultsText(submitted, asked))
}

const writeJson = ({ submitted, refused }: Submission, outcomes: readonly Outcome[], { stdout }: Terminal): void => {
  const document = {
    invocations: invocationsOf(submitted),
    refused: refusedOf(refused),
    hosts: outcomes,
  }
  stdout.write(`${escapeControlInJson(JSON.stringify(document, null, 2))}\n`)
}

/** One host: its output alone is the answer, so that it can be piped on. Several: grouped. */
const writeText = ({ submitted }: Submission, outcomes: readonly Outcome[], { stdout, stderr }: Terminal): void => {
  const groups = groupOutcomes(outcomes)
  const [only] = groups
  if (outcomes.length === 1 && only !== undefined) {
    stdout.write(outputText(only.outcome, stdout.colours))
    if (only.outcome.status !== 'Success') stderr.write(groupHeading(only, stderr.columns, stderr.colours))
    return
  }
  stdout.write(groupsText(groups, stdout.columns, stdout.colours))
  stderr.write(`\n${summaryLine(submitted, outcomes)}\n`)
}
