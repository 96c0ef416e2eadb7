import { stripVTControlCharacters } from 'node:util'
import type { Colours } from '../../command-line/terminal.js'
import type { Host, HostState } from '../fleet.js'
import { count } from './count.js'
import { relativeTime } from './relative-time.js'
import { displayWidth } from './display-width.js'
import { type Column, table } from './table.js'

const STATE_TEXT: Readonly<Record<HostState, string>> = {
  live: 'live',
  unreachable: 'beats but cannot be reached',
  silent: 'silent',
}

const paintState = (colours: Colours, state: HostState): ((text: string) => string) =>
  ({ live: colours.green, unreachable: colours.yellow, silent: colours.red })[state]

/** What is left out, one thing after the other, where a screen is too narrow for all. */
const NARROWER = [
  { nameWidth: 40, os: true, version: true, shortState: false },
  { nameWidth: 16, os: true, version: true, shortState: false },
  { nameWidth: 16, os: false, version: true, shortState: true },
  { nameWidth: 16, os: false, version: false, shortState: true },
  { nameWidth: 0, os: false, version: false, shortState: true },
] as const

/** The fleet for people: a line per host, titles first. @param columns lines are no longer, where that can be */
export const hostTable = (
  hosts: readonly Host[],
  now: number,
  colours: Colours,
  columns = Number.POSITIVE_INFINITY,
): readonly string[] => {
  let lines: readonly string[] = []
  for (const width of NARROWER) {
    lines = tableOf(hosts, now, colours, width)
    // Every line of a table is as long as its titles, but for the colours in it.
    if (displayWidth(stripVTControlCharacters(lines[0] ?? '')) <= columns) break
  }
  return lines
}

const tableOf = (
  hosts: readonly Host[],
  now: number,
  colours: Colours,
  { nameWidth, os, version, shortState }: (typeof NARROWER)[number],
): readonly string[] => {
  const name: Column<Host> = { title: 'NAME', text: (host) => host.name, maxWidth: nameWidth }
  const osType: Column<Host> = { title: 'OS', text: (host) => host.osType }
  const agentVersion: Column<Host> = { title: 'VERSION', text: (host) => host.agentVersion, maxWidth: 24 }
  return table(
    hosts,
    [
      { title: 'INSTANCE', text: (host) => host.instanceId },
      ...(nameWidth > 0 ? [name] : []),
      {
        title: 'STATE',
        text: (host) => (shortState ? host.state : STATE_TEXT[host.state]),
        paint: (cell, host) => paintState(colours, host.state)(cell),
      },
      ...(os ? [osType] : []),
      ...(version ? [agentVersion] : []),
      { title: 'LAST HEARTBEAT', text: (host) => relativeTime(host.lastHeartbeatTime, now) },
      { title: 'COMMANDS', text: (host) => host.invocationCount.toLocaleString('en-US'), align: 'right' },
      { title: 'RUNNING', text: (host) => host.activeTaskCount.toLocaleString('en-US'), align: 'right' },
    ],
    colours.bold,
  )
}

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
