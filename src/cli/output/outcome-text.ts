import { escapeControl, escapeControlKeepingLines } from '../../command-line/escape-control.js'
import { wrap } from '../../command-line/help.js'
import type { Colours } from '../../command-line/terminal.js'
import type { Outcome, OutcomeGroup } from '../running/outcomes.js'
import { count } from './count.js'
import { deliveryText } from './delivery-text.js'
import { duration } from './relative-time.js'

/** Ids that are shown of a group where all went well; of the others all are. */
const IDS_SHOWN = 20
/** Invocations that are shown of one host in a group. */
const INVOCATIONS_SHOWN = 3

/** What is told of a group besides its hosts. */
export interface Told {
  /** The hosts are of several invocations, each named with its own. */
  readonly invocations?: boolean
  /** When it ran; of a group of one. */
  readonly times?: boolean
}

/** `3 hosts`, or `10 runs on 2 hosts` where hosts are there more than once. */
const whatText = (outcomes: readonly Outcome[]): string => {
  const hosts = count(new Set(outcomes.map(({ instanceId }) => instanceId)).size, 'host')
  const runs = count(outcomes.length, 'run')
  return hosts === count(outcomes.length, 'host') ? hosts : `${runs} on ${hosts}`
}

/** `3 hosts: Failed, exit code 2`, then the ids, each line no wider than the screen. */
export const groupHeading = (
  { outcome, hosts }: OutcomeGroup,
  columns: number,
  colours: Colours,
  told: Told = {},
): string => {
  const paint = outcome.status === 'Success' ? colours.green : colours.red
  const title = colours.bold(`${whatText(hosts)}: ${paint(verdict(outcome))}`)
  const byHost = new Map<string, Outcome[]>()
  for (const run of hosts) {
    const runs = byHost.get(run.instanceId)
    if (runs === undefined) byHost.set(run.instanceId, [run])
    else runs.push(run)
  }
  const ids = [...byHost.values()]
  const shown = outcome.status === 'Success' ? ids.slice(0, IDS_SHOWN) : ids
  const left = ids.length - shown.length
  const names = shown.map((runs) => hostText(runs, told)).join(', ')
  const text = names + (left > 0 ? ` and ${left.toLocaleString('en-US')} more` : '')
  const times = told.times === true && hosts.length === 1 ? [timesText(outcome)] : []
  const lines = [text, ...times.filter(Boolean)].flatMap((line) => wrap(line, Math.max(40, columns - 2)))
  return `${[title, ...lines.map((line) => colours.dim(`  ${line}`))].join('\n')}\n`
}

const hostText = (runs: readonly Outcome[], { invocations = false }: Told): string => {
  const [{ instanceId, name } = { instanceId: '', name: '' }] = runs
  const ids = [...new Set(runs.map(({ invokeId }) => invokeId))]
  const more = ids.length - INVOCATIONS_SHOWN
  const notes = [
    name === instanceId ? '' : name,
    runs.length > 1 ? count(runs.length, 'run') : '',
    invocations ? ids.slice(0, INVOCATIONS_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '') : '',
  ].filter(Boolean)
  return escapeControl(notes.length === 0 ? instanceId : `${instanceId} (${notes.join('; ')})`)
}

/** When it began and how long it took; `''` where it did not begin. */
const timesText = ({ startTime, finishTime }: Outcome): string => {
  const took = duration(startTime, finishTime)
  return startTime === '' ? '' : `began ${startTime}${took === '' ? '' : `, took ${took}`}`
}

/** What the server says beside a real end: no server was there for a while. */
const MISSING = /output may be missing.*/s

/** How it ended, in words: `Success`, `Failed, exit code 2`, `Aborted, ClientNotRunning: …`. */
export const verdict = ({ status, exitCode, errorCode, errorInfo }: Outcome): string => {
  const state = status === '' ? 'Unknown' : status
  const missing = escapeControl(MISSING.exec(errorInfo)?.[0] ?? '')
  const also = missing === '' ? '' : `, ${missing}`
  if (status === 'Success') return `${state}${also}`
  if (status === 'Failed' && exitCode !== undefined) return `${state}, exit code ${exitCode}${also}`
  const reason = [errorCode, errorInfo].filter((text) => text !== '').join(': ')
  return escapeControl(reason === '' ? state : `${state}, ${reason}`)
}

/** What a host wrote, safe to show; of a part of it, the same part. */
export const shownOutput = (output: string): string => escapeControlKeepingLines(output)

/** What the host wrote, safe to show and with a line end; `''` when it wrote nothing. */
export const outputText = ({ output }: Outcome): string => {
  const text = shownOutput(output)
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

/** That some of what the host wrote is not there; `''` when all is. */
export const droppedText = ({ dropped }: Outcome, colours: Colours): string =>
  dropped === 0 ? '' : `${colours.dim(`(${count(dropped, 'byte')} of output not kept)`)}\n`

/** The groups one below the other. */
export const groupsText = (
  groups: readonly OutcomeGroup[],
  columns: number,
  colours: Colours,
  told: Told = {},
): string =>
  groups
    .map((group) => {
      const text = outputText(group.outcome) + droppedText(group.outcome, colours)
      const written = text === '' ? colours.dim('  (no output)\n') : text
      return groupHeading(group, columns, colours, told) + written + deliveryText(group.hosts, colours)
    })
    .join('\n')

/** `3 hosts: 2 succeeded, 1 failed` */
export const summary = (outcomes: readonly Outcome[]): string => {
  const succeeded = outcomes.filter(({ status }) => status === 'Success').length
  const failed = outcomes.length - succeeded
  const parts = [succeeded > 0 ? `${succeeded} succeeded` : '', failed > 0 ? `${failed} did not succeed` : '']
  return `${whatText(outcomes)}: ${parts.filter(Boolean).join(', ')}`
}
