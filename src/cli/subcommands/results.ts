import { EXIT } from '../../command-line/exit-codes.js'
import { UsageError } from '../../command-line/failures.js'
import { flag, integer, pairs, text } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Output } from '../../command-line/terminal.js'
import { type Api, openApi } from '../call-operation.js'
import { withNames } from '../host-names.js'
import { getInvocation } from '../history/invocations.js'
import { RESULT_STATES, type ResultFilter, resultPages, type ResultState } from '../history/results.js'
import { count } from '../output/count.js'
import { writeJson } from '../output/json.js'
import { groupsText, type Told } from '../output/outcome-text.js'
import { openProgressLine } from '../output/progress-line.js'
import { Leaving } from '../running/leaving.js'
import { groupOutcomes, type Outcome } from '../running/outcomes.js'
import { isFileId } from '../sending/files.js'
import { CONNECTION_OPTIONS, readConnection } from '../settings.js'
import { type HostChoice, showFile } from './files/show.js'

const group = 'Filters'
/** Results that are shown where no invocation is named, and runs of each host. */
const RESULTS = 100
const RUNS = 20

export const results = defineSubcommand({
  name: 'results',
  summary: 'shows what hosts answered, of one invocation or of all that are kept',
  description: ['With --grouped, the same answers are shown once, the largest group first.'],
  positionals: [
    {
      name: 'ID',
      about: 'the invocation (t-…), or a file send (f-…); without it, all of them, the newest first',
      optional: true,
    },
  ],
  options: {
    grouped: flag('The same answers together, as “run” shows them.', { short: 'g' }),
    history: flag('Every run of a command that repeats, not the latest alone; it needs an ID.'),
    'instance-id': text('Only those of this host.', { value: 'ID', short: 'i', group }),
    command: text('Only those of this command.', { value: 'ID', group }),
    state: text('Only those in this state.', { oneOf: RESULT_STATES, group }),
    tag: pairs('Only those of invocations with this tag; with several, with all of them.', { group }),
    limit: integer(
      `At most so many, the newest; with --history of each host, then ${RUNS} without it; without ID ${RESULTS}.`,
      {
        min: 1,
        max: 10_000_000,
        short: 'n',
      },
    ),
    all: flag('All of them, however many.'),
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'What an invocation came to', line: 'openassist results t-1 --grouped' },
    { about: 'Only where it failed', line: 'openassist results t-1 --grouped --state Failed' },
    { about: 'Every run of a schedule', line: 'openassist results t-1 --history' },
    { about: 'Everything that one host answered', line: 'openassist results -i mi-1' },
  ],
  exitCodes: [
    { code: EXIT.failure, about: 'There is no such invocation.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
    { code: EXIT.interrupted, about: 'Left by Ctrl-C.' },
  ],
  run: async ({ options, words: [invokeId], terminal }) => {
    using api = openApi(readConnection(options, terminal))
    if (options.all && options.limit !== undefined) throw new UsageError('--all and --limit exclude each other.')
    if (invokeId !== undefined && isFileId(invokeId)) {
      await showFile(api, invokeId, options.output, terminal, ofFile(options))
      return EXIT.ok
    }
    using leaving = new Leaving()
    using line = openProgressLine(terminal.stderr)
    const { stdout } = terminal
    const filter: ResultFilter = {
      invokeId,
      instanceId: options['instance-id'],
      commandId: options.command,
      state: options.state,
      tags: options.tag,
      history: options.history,
    }
    if (options.history && invokeId === undefined) throw new UsageError('--history needs the ID of an invocation.')
    const isEndless = options.history || invokeId === undefined
    const ordinary = options.history ? RUNS : invokeId === undefined ? RESULTS : Number.POSITIVE_INFINITY
    const limit = options.limit ?? (options.all ? Number.POSITIVE_INFINITY : ordinary)
    // One by one they can be written as they come; a group is known at the end.
    const atOnce = options.output === 'text' && !options.grouped
    const told = { invocations: invokeId === undefined, times: atOnce }
    const found: Outcome[] = []
    let [amount, all, isCut] = [0, 0, false]
    try {
      for (const part of await partsOf(api, filter, leaving.signal)) {
        let [ofPart, read] = [0, 0]
        for await (const page of resultPages(api, part, leaving.signal)) {
          const outcomes = page.outcomes.slice(0, limit - ofPart)
          if (atOnce) writeEach(outcomes, amount === 0, stdout, told)
          else found.push(...outcomes)
          if (read === 0) all += page.total
          amount += outcomes.length
          ofPart += outcomes.length
          read += page.read
          isCut ||= ofPart >= limit && (read < page.total || outcomes.length < page.outcomes.length)
          if (ofPart >= limit) break
          if (!atOnce && read < page.total) line.count(read, page.total, 'results read')
        }
      }
    } catch (error) {
      if (leaving.signal.aborted) return EXIT.interrupted
      throw error
    }
    line[Symbol.dispose]()
    if (amount === 0 && invokeId !== undefined) await getInvocation(api, invokeId)
    // The API lists an invocation's hosts last to first, and its runs newest first.
    const ordered = isEndless ? found : found.toReversed()
    if (options.output === 'json') {
      const results = await withNames(api, ordered)
      writeJson(stdout, { ...(options.grouped ? { groups: groupsOf(results) } : { results }), total: all })
    } else stdout.write(groupsText(groupOutcomes(ordered), stdout.columns, stdout.colours, told))
    const whole = count(amount, 'result')
    const of = options.state === undefined ? all.toLocaleString('en-US') : 'more'
    const cut = `the newest ${whole} of ${of}${options.history ? ', by host' : ''}; --limit shows more, --all all`
    terminal.stderr.write(`${options.output === 'text' && amount > 0 ? '\n' : ''}${isCut ? cut : whole}\n`)
    return EXIT.ok
  },
})

/** Which hosts of a sent file are shown. @throws UsageError for what a file does not have */
const ofFile = (options: {
  readonly grouped: boolean
  readonly history: boolean
  readonly command?: string | undefined
  readonly tag: readonly unknown[]
  readonly state?: ResultState | undefined
  readonly 'instance-id'?: string | undefined
  readonly limit?: number | undefined
}): HostChoice => {
  const { grouped, history, command, tag, state, limit } = options
  if (grouped)
    throw new UsageError('--grouped does not go with a sent file: it has no answers, and its errors are together.')
  if (history) throw new UsageError('--history does not go with a sent file: it is sent once.')
  if (command !== undefined) throw new UsageError('--command does not go with a sent file: it is of no command.')
  if (tag.length > 0)
    throw new UsageError('--tag does not go with a sent file that is named: openassist files list --tag')
  if (state === 'Finished' || state === 'Stopped')
    throw new UsageError(`--state ${state} does not go with a sent file: no host of it is in that state.`)
  return { state, instanceId: options['instance-id'], limit }
}

/** The API lists the runs of one host after the other, so that the newest of each are asked for host by host. */
const partsOf = async (api: Api, filter: ResultFilter, signal: AbortSignal): Promise<readonly ResultFilter[]> => {
  if (!filter.history || filter.invokeId === undefined || filter.instanceId !== undefined) return [filter]
  const { hosts } = await getInvocation(api, filter.invokeId, signal)
  return hosts.map(({ instanceId }) => ({ ...filter, instanceId }))
}

/** Every result for itself, in the form of a group. */
const writeEach = (outcomes: readonly Outcome[], isFirst: boolean, output: Output, told: Told): void => {
  if (outcomes.length === 0) return
  const groups = outcomes.map((outcome) => ({ outcome, hosts: [outcome] }))
  output.write(`${isFirst ? '' : '\n'}${groupsText(groups, output.columns, output.colours, told)}`)
}

const groupsOf = (outcomes: readonly Outcome[]) =>
  groupOutcomes(outcomes).map(({ outcome, hosts }) => {
    const { status, errorCode, errorInfo, exitCode, output, dropped } = outcome
    return {
      status,
      errorCode,
      errorInfo,
      ...(exitCode === undefined ? {} : { exitCode }),
      output,
      dropped,
      hosts: hosts.map(({ instanceId, name, invokeId, delivery, startTime, finishTime }) => ({
        instanceId,
        name,
        invokeId,
        startTime,
        finishTime,
        ...(delivery === undefined ? {} : { delivery }),
      })),
    }
  })
