import { setTimeout as delay } from 'node:timers/promises'
import { escapeControlInJson } from '../../command-line/escape-control.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { UsageError } from '../../command-line/failures.js'
import { onInterrupt } from '../../command-line/interrupts.js'
import { flag, integer, text, texts } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Output, Terminal } from '../../command-line/terminal.js'
import { NoAnswer } from '../call-failures.js'
import { type Api, openApi } from '../call-operation.js'
import { HOST_STATES, type Host, type HostFilter, hostPages, type HostState } from '../fleet.js'
import { countLine, countStates, hostTable } from '../output/host-table.js'
import { openScreen } from '../output/screen.js'
import { CONNECTION_OPTIONS, readConnection } from '../settings.js'

export const status = defineSubcommand({
  name: 'status',
  summary: 'shows which hosts have a live agent, which version, and what runs there',
  description: [
    'A host is “live” when it was heard from in the last two minutes, “silent” when it was not. One that “beats but ' +
      'cannot be reached” sends heartbeats, but its push channel is not open: work reaches it late or not at all.',
  ],
  options: {
    'instance-id': texts('Only this host.', { value: 'ID', short: 'i', group: 'Filters' }),
    os: text('Only hosts with this system.', { oneOf: ['Linux', 'Windows', 'FreeBSD'], group: 'Filters' }),
    state: texts('Only hosts in this state.', { oneOf: HOST_STATES, group: 'Filters' }),
    watch: flag('Show it again and again, until Ctrl-C.', { short: 'w' }),
    interval: integer('Seconds between two looks with --watch.', { min: 1, max: 3600, default: 2 }),
    output: text('For people or for programs.', { oneOf: ['table', 'json'], default: 'table', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'All hosts of the server whose data are in ./data', line: 'openassist status' },
    { about: 'Those that need a look', line: 'openassist status --state unreachable --state silent' },
    {
      about: 'Ids of live hosts, for a script',
      line: "openassist status --state live -o json | jq -r '.hosts[].instanceId'",
    },
  ],
  exitCodes: [{ code: EXIT.noServer, about: 'The server cannot be reached.' }],
  run: async ({ options, terminal }) => {
    if (options.watch && (options.output === 'json' || !terminal.stdout.isTerminal)) {
      throw new UsageError('--watch needs a terminal to draw on.')
    }
    using api = openApi(readConnection(options, terminal))
    const filter: HostFilter = { instanceIds: options['instance-id'], osType: options.os }
    if (options.watch) return await watch(api, filter, options.state, options.interval, terminal.stdout)
    if (options.output === 'json') {
      const hosts = await collect(api, filter, options.state)
      const document = JSON.stringify({ hosts, counts: countStates(hosts) }, null, 2)
      terminal.stdout.write(`${escapeControlInJson(document)}\n`)
      return EXIT.ok
    }
    writeTable(await collect(api, filter, options.state), terminal)
    return EXIT.ok
  },
})

const collect = async (
  api: Api,
  filter: HostFilter,
  states: readonly HostState[],
  signal?: AbortSignal,
): Promise<readonly Host[]> => {
  const hosts: Host[] = []
  for await (const page of hostPages(api, filter, signal)) {
    hosts.push(...page.filter(({ state }) => states.length === 0 || states.includes(state)))
  }
  return hosts
}

const writeTable = (hosts: readonly Host[], { stdout, stderr }: Terminal): void => {
  if (hosts.length > 0) stdout.write(`${hostTable(hosts, Date.now(), stdout.colours).join('\n')}\n`)
  stderr.write(`${hosts.length > 0 ? '\n' : ''}${countLine(countStates(hosts))}\n`)
}

const watch = async (
  api: Api,
  filter: HostFilter,
  states: readonly HostState[],
  intervalSeconds: number,
  output: Output,
): Promise<number> => {
  const ending = new AbortController()
  using _interrupts = onInterrupt(() => ending.abort())
  let hosts = await collect(api, filter, states, ending.signal).catch(ignoreAbort(ending.signal, []))
  using screen = openScreen(output)
  let trouble = ''
  while (!ending.signal.aborted) {
    screen.draw(watchLines(hosts, trouble, api.connection.endpoint.origin, output))
    await delay(intervalSeconds * 1000, undefined, { signal: ending.signal }).catch(
      ignoreAbort(ending.signal, undefined),
    )
    if (ending.signal.aborted) break
    try {
      hosts = await collect(api, filter, states, ending.signal)
      trouble = ''
    } catch (error) {
      if (ending.signal.aborted) break
      // A server that restarts is no reason to stop looking.
      if (!(error instanceof NoAnswer)) throw error
      trouble = error.message
    }
  }
  return EXIT.ok
}

const ignoreAbort =
  <T>(signal: AbortSignal, otherwise: T) =>
  (error: unknown): T => {
    if (signal.aborted) return otherwise
    throw error
  }

/** As many hosts as fit below the summary. */
const watchLines = (
  hosts: readonly Host[],
  trouble: string,
  server: string,
  { colours, rows, columns }: Output,
): readonly string[] => {
  const now = Date.now()
  const clock = new Date(now).toTimeString().slice(0, 8)
  const head = [
    colours.bold(countLine(countStates(hosts))),
    trouble === '' ? colours.dim(`${server} at ${clock}. Ctrl-C ends.`) : colours.red(trouble),
  ]
  if (hosts.length === 0) return head
  const room = Math.max(1, rows - head.length - 1)
  if (hosts.length <= room) return [...head, ...hostTable(hosts, now, colours, columns)]
  const shown = hosts.slice(0, Math.max(1, room - 1))
  const more = colours.dim(`… and ${(hosts.length - shown.length).toLocaleString('en-US')} more`)
  return [...head, ...hostTable(shown, now, colours, columns), more]
}
