import { escapeControl } from '../../command-line/escape-control.js'
import { wrap } from '../../command-line/help.js'
import type { Colours, Output } from '../../command-line/terminal.js'
import { countHosts, type HostCounts, type Invocation, type InvocationHost } from '../history/invocations.js'
import { count } from './count.js'
import { type Fact, factLines, scriptLines, tagsText } from './facts.js'
import { duration, relativeTime } from './relative-time.js'
import { table } from './table.js'

/** Colours a state. */
export const painter =
  (colours: Colours) =>
  (cell: string, { status }: { readonly status: string }): string => {
    if (status === 'Success' || status === 'Finished') return colours.green(cell)
    const isOpen = ['Pending', 'Scheduled', 'Running', 'Stopping'].includes(status)
    return isOpen ? colours.yellow(cell) : colours.red(cell)
  }

/** Columns that all but the command's take, with room for the longest state. */
const COLUMNS_BEFORE = 69

/** Invocations for people: a line each, titles first. */
export const invocationTable = (
  invocations: readonly Invocation[],
  now: number,
  { colours, columns, isTerminal }: Output,
): readonly string[] =>
  table(
    invocations,
    [
      { title: 'INVOCATION', text: ({ invokeId }) => invokeId },
      { title: 'ASKED FOR', text: ({ creationTime }) => relativeTime(creationTime, now) },
      { title: 'STATE', text: ({ status }) => status, paint: painter(colours) },
      { title: 'HOSTS', text: ({ hosts }) => hosts.length.toLocaleString('en-US'), align: 'right' },
      { title: 'FAILED', text: ({ hosts }) => countHosts(hosts).failed.toLocaleString('en-US'), align: 'right' },
      {
        title: 'COMMAND',
        text: commandText,
        ...(isTerminal ? { maxWidth: Math.max(10, columns - COLUMNS_BEFORE) } : {}),
      },
    ],
    colours.bold,
  )

/** The name of a command, else the first line of its script. */
const commandText = ({ commandName, script }: Invocation): string =>
  commandName !== '' ? commandName : (script.trim().split('\n')[0] ?? '')

/** `5 hosts: 3 succeeded, 1 failed, 1 not finished` */
export const hostsText = ({ total, succeeded, failed, stopped, unfinished }: HostCounts): string => {
  const parts = [
    succeeded > 0 ? `${succeeded} succeeded` : '',
    failed > 0 ? `${failed} failed` : '',
    stopped > 0 ? `${stopped} stopped` : '',
    unfinished > 0 ? `${unfinished} not finished` : '',
  ].filter(Boolean)
  return [count(total, 'host'), parts.join(', ')].filter(Boolean).join(': ')
}

/** Everything about one invocation, but what its hosts wrote. */
export const invocationText = (invocation: Invocation, now: number, { colours, columns }: Output): string => {
  const paint = painter(colours)
  const facts: readonly Fact[] = [
    ['Invocation', invocation.invokeId],
    ['State', invocation.status, (text) => paint(text, invocation)],
    ['Asked for', `${invocation.creationTime} (${relativeTime(invocation.creationTime, now)})`],
    ['Command', [invocation.commandName, invocation.commandId].filter(Boolean).join(', ')],
    ['Type', invocation.commandType],
    ['Parameters', invocation.parameters === '{}' ? '' : invocation.parameters],
    ['User', invocation.username],
    ['Directory', invocation.workingDir],
    ['Time limit', `${invocation.timeoutSeconds} s`],
    ['Launcher', invocation.launcher],
    ['Ends', invocation.terminationMode],
    ['Container', [invocation.containerName, invocation.containerId].filter(Boolean).join(', ')],
    ['Outputs to', invocation.outputTo],
    ['Repeats', [invocation.repeatMode, invocation.frequency].filter(Boolean).join(', ')],
    ['Tags', tagsText(invocation.tags)],
  ]
  const lines = [...factLines(facts, colours), ...scriptLines(invocation.script, colours)]
  lines.push('', ...hostTable(invocation.hosts, colours), '', ...errorLines(invocation.hosts, columns, colours))
  lines.push(hostsText(countHosts(invocation.hosts)))
  return `${lines.join('\n')}\n`
}

/** How it stands on every host, titles first. */
export const hostTable = (hosts: readonly InvocationHost[], colours: Colours): readonly string[] =>
  table(
    hosts,
    [
      { title: 'INSTANCE', text: ({ instanceId }) => instanceId },
      { title: 'STATE', text: ({ status }) => status, paint: painter(colours) },
      { title: 'EXIT', text: ({ exitCode }) => (exitCode === undefined ? '' : String(exitCode)), align: 'right' },
      { title: 'STARTED', text: ({ startTime }) => startTime },
      {
        title: 'TOOK',
        text: ({ startTime, finishTime }) => duration(startTime, finishTime),
        align: 'right',
      },
    ],
    colours.bold,
  )

/** What went wrong, each text once with the number of its hosts, so that no line is longer than the screen. */
export const errorLines = (hosts: readonly InvocationHost[], columns: number, colours: Colours): readonly string[] => {
  const groups = new Map<string, InvocationHost[]>()
  for (const host of hosts) {
    const text = [host.errorCode, host.errorInfo].filter(Boolean).join(': ')
    if (text !== '') groups.set(text, [...(groups.get(text) ?? []), host])
  }
  const lines = [...groups].flatMap(([text, members]) => {
    const where = members.length === 1 ? (members[0]?.instanceId ?? '') : count(members.length, 'host')
    return wrap(`${escapeControl(where)}: ${escapeControl(text)}`, Math.max(40, columns - 2)).map((line, index) =>
      index === 0 ? colours.red(line) : colours.red(`  ${line}`),
    )
  })
  return lines.length === 0 ? [] : [...lines, '']
}
