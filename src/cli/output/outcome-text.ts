import { escapeControl, escapeControlKeepingLines } from '../../command-line/escape-control.js'
import { wrap } from '../../command-line/help.js'
import type { Colours } from '../../command-line/terminal.js'
import type { Outcome, OutcomeGroup } from '../running/outcomes.js'
import { count } from './count.js'
import { deliveryText } from './delivery-text.js'

/** Ids that are shown of a group where all went well; of the others all are. */
const IDS_SHOWN = 20

/** `3 hosts: Failed, exit code 2`, then the ids, each line no wider than the screen. */
export const groupHeading = ({ outcome, hosts }: OutcomeGroup, columns: number, colours: Colours): string => {
  const paint = outcome.status === 'Success' ? colours.green : colours.red
  const title = colours.bold(`${count(hosts.length, 'host')}: ${paint(verdict(outcome))}`)
  const shown = outcome.status === 'Success' ? hosts.slice(0, IDS_SHOWN) : hosts
  const left = hosts.length - shown.length
  const ids = shown.map(hostText).join(', ') + (left > 0 ? ` and ${left.toLocaleString('en-US')} more` : '')
  const lines = wrap(ids, Math.max(40, columns - 2)).map((line) => colours.dim(`  ${line}`))
  return `${[title, ...lines].join('\n')}\n`
}

const hostText = ({ instanceId, name }: Outcome): string =>
  name === '' || name === instanceId
    ? escapeControl(instanceId)
    : `${escapeControl(instanceId)} (${escapeControl(name)})`

/** How it ended, in words: `Success`, `Failed, exit code 2`, `Aborted, ClientNotRunning: …`. */
export const verdict = ({ status, exitCode, errorCode, errorInfo }: Outcome): string => {
  const state = status === '' ? 'Unknown' : status
  if (status === 'Success') return state
  if (status === 'Failed' && exitCode !== undefined) return `${state}, exit code ${exitCode}`
  const reason = [errorCode, errorInfo].filter((text) => text !== '').join(': ')
  return escapeControl(reason === '' ? state : `${state}, ${reason}`)
}

/** What the host wrote, safe to show and with a line end; `''` when it wrote nothing. */
export const outputText = ({ output, dropped }: Outcome, colours: Colours): string => {
  const text = escapeControlKeepingLines(output)
  const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`
  return dropped === 0 ? ended : `${ended}${colours.dim(`(${count(dropped, 'byte')} of output not kept)`)}\n`
}

/** The groups one below the other. */
export const groupsText = (groups: readonly OutcomeGroup[], columns: number, colours: Colours): string =>
  groups
    .map((group) => {
      const text = outputText(group.outcome, colours)
      const written = text === '' ? colours.dim('  (no output)\n') : text
      return groupHeading(group, columns, colours) + written + deliveryText(group.hosts, colours)
    })
    .join('\n')

/** `3 hosts: 2 succeeded, 1 failed` */
export const summary = (outcomes: readonly Outcome[]): string => {
  const succeeded = outcomes.filter(({ status }) => status === 'Success').length
  const failed = outcomes.length - succeeded
  const parts = [succeeded > 0 ? `${succeeded} succeeded` : '', failed > 0 ? `${failed} did not succeed` : '']
  return `${count(outcomes.length, 'host')}: ${parts.filter(Boolean).join(', ')}`
}
