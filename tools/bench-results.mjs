// Keeps bench/RESULTS.md: one table with the newest figures of every bench, in the order of the benches.
import { readFileSync, writeFileSync } from 'node:fs'

const HEAD = '| bench | what | measured | must | aim | | ours | floor | when |'
const RULE = '|---|---|---|---|---|---|---|---|---|'

/**
 * Puts rows in the place of those that the same benches had. What is around the table stays.
 * @param order names of all benches
 * @param rows the cells of each new row, its bench first
 */
export const writeResults = (file, order, rows) => {
  const lines = readFileSync(file, 'utf8').split('\n')
  const from = lines.indexOf(HEAD)
  if (from < 0) throw new Error(`${file} has no table that begins with ${HEAD}`)
  let to = from + 2
  while (lines[to]?.startsWith('|')) to++
  const measured = new Set(rows.map(([bench]) => bench))
  const kept = lines.slice(from + 2, to).filter((line) => !measured.has(benchOf(line)))
  const all = [...kept, ...rows.map((cells) => `| ${cells.map(escaped).join(' | ')} |`)]
  const sorted = all.toSorted((a, b) => order.indexOf(benchOf(a)) - order.indexOf(benchOf(b)))
  writeFileSync(file, [...lines.slice(0, from), HEAD, RULE, ...sorted, ...lines.slice(to)].join('\n'))
}

const benchOf = (line) => line.split('|')[1]?.trim() ?? ''

const escaped = (cell) => cell.replaceAll('|', '\\|')
