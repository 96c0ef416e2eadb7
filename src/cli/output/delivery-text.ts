import { escapeControl } from '../../command-line/escape-control.js'
import type { Colours } from '../../command-line/terminal.js'
import type { Outcome } from '../running/outcomes.js'
import { count } from './count.js'

/** Where what these hosts wrote was delivered to, or why it was not; `''` where nobody asked for it. */
export const deliveryText = (outcomes: readonly Outcome[], colours: Colours): string => {
  const groups = new Map<string, string[]>()
  for (const { delivery } of outcomes) {
    if (delivery === undefined) continue
    const reason = [delivery.errorCode, delivery.errorInfo].filter(Boolean).join(': ')
    const key =
      delivery.status === 'Finished' ? '' : `${NOT_THERE[delivery.status] ?? delivery.status}${reason && `: ${reason}`}`
    groups.set(key, [...(groups.get(key) ?? []), delivery.uri])
  }
  return [...groups]
    .map(([key, uris]) => {
      const whose = outcomes.length === 1 ? 'output' : `output of ${count(uris.length, 'host')}`
      const what = key === '' ? `in ${commonFolder(uris)}` : key
      return `${colours.dim(`(${whose} ${escapeControl(what)})`)}\n`
    })
    .join('')
}

const NOT_THERE: Readonly<Record<string, string>> = {
  InProgress: 'on its way to the store',
  Failed: 'not delivered',
}

/** What the addresses have in common, up to a slash; an address alone is itself. */
const commonFolder = ([first = '', ...others]: readonly string[]): string => {
  let length = first.length
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1
  return others.length === 0 ? first : first.slice(0, first.lastIndexOf('/', length - 1) + 1)
}
