import { EXIT } from '../../../command-line/exit-codes.js'
import { text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import type { Output, Terminal } from '../../../command-line/terminal.js'
import { type Api, openApi } from '../../call-operation.js'
import { getInvocation } from '../../history/invocations.js'
import { writeJson } from '../../output/json.js'
import { groupsText } from '../../output/outcome-text.js'
import { writeFileOutcomes, writeOutcomes, writeOutcomesJson } from '../../output/outcomes-report.js'
import { openProgressLine } from '../../output/progress-line.js'
import { turnText } from '../../output/rollout-text.js'
import { type Rollout, withRollout } from '../../rollouts/rollouts.js'
import { fetchOutcomes, follow, type Progress, statesOfRun, type StatesOf } from '../../running/follow.js'
import { laterText, Leaving, leftText, pausedText, scheduleText, sendText } from '../../running/leaving.js'
import { LiveOutput, withOutput } from '../../running/live-output.js'
import { exitStatusOf, type Outcome } from '../../running/outcomes.js'
import { withRuns } from '../../running/runs-as-they-come.js'
import type { Submitted } from '../../running/submit.js'
import { getFile, isFileId } from '../../sending/files.js'
import { fetchFileOutcomes, statesOfSend } from '../../sending/send-file.js'
import { type ConnectionValues, CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const watch = defineSubcommand({
  name: 'invocations watch',
  summary: 'waits for an invocation as “run” does, and shows what the hosts answered',
  description: [
    'Ctrl-C leaves; what is watched goes on. Its results are there at once when it is over already. Of what runs again and ' +
      'again, each run that ends from now on is shown, until it is stopped; in JSON each is a document of its own.',
  ],
  positionals: [
    { name: 'ID', about: 'the invocation (t-…), or file send (f-…); several are watched together', many: true },
  ],
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
    const watched: Watched[] = []
    const live = new LiveOutput(terminal.stdout, line)
    const rollouts = new Map<string, Rollout>()
    const left = (): number => {
      line.endLineOf(live)
      const left = leftText(
        ids.map((invokeId) => ({ invokeId })),
        rollouts,
        'it goes on',
      )
      const paused = pausedText(rollouts, options, terminal)
      line.say(`${left}\n${comeBackText(ids, watched, options, terminal)}${paused}`)
      return EXIT.interrupted
    }
    try {
      for (const invokeId of ids) watched.push(await watchedOf(api, invokeId, leaving.signal))
    } catch (error) {
      if (leaving.signal.aborted) return left()
      throw error
    }
    const tell = (run: Outcome): void => {
      if (options.output === 'json') writeJson(terminal.stdout, run)
      else line.apart(() => terminal.stdout.write(runText(run, terminal.stdout)))
    }
    const repeating = watched.filter(({ kind }) => kind === 'repeating')
    if (repeating.length > 0) line.say('It runs again and again: each run is shown when it is over. Ctrl-C leaves.')
    const isLive = options.output === 'text' && watched.length === 1 && watched[0]?.targets.length === 1
    const statesOf = { once: isLive ? withOutput(live) : statesOfRun, file: statesOfSend, repeating: withRuns(tell) }
    const states: StatesOf = (by, invokeId, signal) =>
      statesOf[watched.find((one) => one.invokeId === invokeId)?.kind ?? 'once'](by, invokeId, signal)
    // What runs again and again is never done.
    const show =
      repeating.length === watched.length ? () => undefined : (progress: Progress) => line.showBeside(live, progress)
    const withTurns = withRollout(states, (one) => line.say(turnText(one, options, terminal)), rollouts)
    await follow(api, watched, show, leaving.signal, withTurns)
    if (leaving.signal.aborted) return left()
    const once = watched.filter(({ kind }) => kind === 'once')
    const files = watched.filter(({ kind }) => kind === 'file')
    const outcomes = once.length === 0 ? [] : await fetchOutcomes(api, once)
    const ofFiles = files.length === 0 ? [] : await fetchFileOutcomes(api, files)
    line[Symbol.dispose]()
    // Each run of what repeats was told by itself.
    if (once.length + files.length === 0) return EXIT.ok
    if (options.output === 'json') {
      await writeOutcomesJson(api, { submitted: [...once, ...files], refused: [] }, [...outcomes, ...ofFiles], terminal)
    } else {
      if (once.length > 0) writeOutcomes(once, outcomes, terminal, live)
      if (files.length > 0) writeFileOutcomes(files, ofFiles, terminal)
    }
    return exitStatusOf([...outcomes, ...ofFiles], false)
  },
})

/** What is waited for: something that runs once, a sent file, or what runs until somebody stops it. */
interface Watched extends Submitted {
  readonly kind: 'once' | 'file' | 'repeating'
}

const watchedOf = async (api: Api, invokeId: string, signal: AbortSignal): Promise<Watched> => {
  const isFile = isFileId(invokeId)
  const found = isFile ? await getFile(api, invokeId, signal) : await getInvocation(api, invokeId, signal)
  const targets = found.hosts.map(({ instanceId }) => ({ instanceId, name: '' }))
  const repeats = 'repeatMode' in found && (found.repeatMode === 'Period' || found.repeatMode === 'EveryReboot')
  return { invokeId, targets, kind: isFile ? 'file' : repeats ? 'repeating' : 'once' }
}

const comeBackText = (
  ids: readonly string[],
  watched: readonly Watched[],
  connection: ConnectionValues,
  terminal: Terminal,
): string => {
  const files = watched.filter(({ kind }) => kind === 'file')
  const repeating = watched.filter(({ kind }) => kind === 'repeating')
  const others = ids
    .filter((id) => ![...files, ...repeating].some(({ invokeId }) => invokeId === id))
    .map((invokeId) => ({ invokeId }))
  return [
    ...(others.length > 0 ? [laterText(others, connection, terminal)] : []),
    ...(repeating.length > 0 ? [scheduleText(repeating, connection, terminal)] : []),
    ...(files.length > 0 ? [sendText(files, false, connection, terminal)] : []),
  ].join('\n')
}

const runText = (run: Outcome, { columns, colours }: Output): string =>
  `${groupsText([{ outcome: run, hosts: [run] }], columns, colours, { times: true })}\n`
