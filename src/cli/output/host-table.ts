import type { Colours } from '../../command-line/terminal.js'
import type { Host, HostState } from '../fleet.js'
import { count } from './count.js'
import { relativeTime } from './relative-time.js'
import { table } from './table.js'

const STATE_TEXT: Readonly<Record<HostState, string>> = {
  live: 'live',
  unreachable: 'beats but cannot be reached',
  silent: 'silent',
}

const paintState = (colours: Colours, state: HostState): ((text: string) => string) =>
  ({ live: colours.green, unreachable: colours.yellow, silent: colours.red })[state]

/** The fleet for people: a line per host, titles first. */
export const hostTable = (hosts: readonly Host[], now: number, colours: Colours): readonly string[] =>
  table(
    hosts,
    [
      { title: 'INSTANCE', text: (host) => host.instanceId },
      { title: 'NAME', text: (host) => host.name, maxWidth: 40 },
      {
        title: 'STATE',
        text: (host) => STATE_TEXT[host.state],
        paint: (cell, host) => paintState(colours, host.state)(cell),
      },
      { title: 'OS', text: (host) => host.osType },
      { title: 'VERSION', text: (host) => host.agentVersion, maxWidth: 24 },
      { title: 'LAST HEARTBEAT', text: (host) => relativeTime(host.lastHeartbeatTime, now) },
      { title: 'COMMANDS', text: (host) => host.invocationCount.toLocaleString('en-US'), align: 'right' },
      { title: 'RUNNING', text: (host) => host.activeTaskCount.toLocaleString('en-US'), align: 'right' },
    ],
    colours.bold,
  )

export type HostCounts = Readonly<Record<HostState, number>>

export const countStates = (hosts: readonly Host[]): HostCounts => {
  const counts = { live: 0, unreachable: 0, silent: 0 }
  for (const { state } of hosts) counts[state] += 1
  return counts
}

/** `12 hosts: 10 live, 1 beats but cannot be reached, 1 silent` */
export const countLine = (counts: HostCounts): string => {
  const total = counts.live + counts.unreachable + counts.silent
  if (total === 0) return 'no hosts'
  const parts = [`${counts.live} live`]
  if (counts.unreachable > 0) {
    parts.push(`${counts.unreachable} ${counts.unreachable === 1 ? 'beats' : 'beat'} but cannot be reached`)
  }
  if (counts.silent > 0) parts.push(`${counts.silent} silent`)
  return `${count(total, 'host')}: ${parts.join(', ')}`
}
