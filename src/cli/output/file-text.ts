import type { Output } from '../../command-line/terminal.js'
import { countHosts } from '../history/invocations.js'
import type { FileSend } from '../sending/files.js'
import { count } from './count.js'
import { type Fact, factLines, tagsText } from './facts.js'
import { errorLines, hostsText, hostTable, painter } from './invocation-text.js'
import { relativeTime } from './relative-time.js'
import { table } from './table.js'

/** Where it is on a host: of Windows, where folders are written with backslashes, too. */
const pathOf = ({ directory, name }: FileSend): string =>
  /[/\\]$/.test(directory) ? `${directory}${name}` : `${directory}${directory.includes('\\') ? '\\' : '/'}${name}`

/** Sent files for people: a line each, titles first. */
export const fileTable = (files: readonly FileSend[], now: number, { colours }: Output): readonly string[] =>
  table(
    files,
    [
      { title: 'FILE', text: ({ invokeId }) => invokeId },
      { title: 'SENT', text: ({ creationTime }) => relativeTime(creationTime, now) },
      { title: 'STATE', text: ({ status }) => status, paint: painter(colours) },
      { title: 'HOSTS', text: ({ hosts }) => hosts.length.toLocaleString('en-US'), align: 'right' },
      { title: 'FAILED', text: ({ hosts }) => countHosts(hosts).failed.toLocaleString('en-US'), align: 'right' },
      { title: 'PATH', text: pathOf },
    ],
    colours.bold,
  )

/** Everything about one sent file but what is in it. */
export const fileText = (file: FileSend, now: number, { colours, columns }: Output): string => {
  const paint = painter(colours)
  const facts: readonly Fact[] = [
    ['File', file.invokeId],
    ['State', file.status, (text) => paint(text, file)],
    ['Sent', `${file.creationTime} (${relativeTime(file.creationTime, now)})`],
    ['Path', pathOf(file)],
    ['Size', count(file.size, 'byte')],
    ['Description', file.description],
    ['Owner', [file.owner, file.group].filter(Boolean).join(':')],
    ['Mode', file.mode],
    ['Overwrites', file.overwrite ? 'yes' : 'no'],
    ['Tags', tagsText(file.tags)],
  ]
  const lines = [...factLines(facts, colours), '', ...hostTable(file.hosts, colours), '']
  lines.push(...errorLines(file.hosts, columns, colours), hostsText(countHosts(file.hosts)))
  return `${lines.join('\n')}\n`
}
