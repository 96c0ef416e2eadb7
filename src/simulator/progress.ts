import type { Output } from '../command-line/terminal.js'
import type { Counters } from './counters.js'

const EVERY_MS = 500

/** One line about a fleet: redrawn where a person looks, written anew when it has changed elsewhere. */
export const showProgress = (counters: Readonly<Counters>, agents: number, output: Output): Disposable => {
  let last = ''
  const show = (): void => {
    const line = progressLine(counters, agents)
    if (line === last) return
    last = line
    output.write(output.isTerminal ? `\r\u001b[K${line.slice(0, output.columns - 1)}` : `${line}\n`)
  }
  // In a file a line each half second would be too much.
  const timer = setInterval(show, output.isTerminal ? EVERY_MS : EVERY_MS * 20)
  show()
  return {
    [Symbol.dispose]() {
      clearInterval(timer)
      if (output.isTerminal) output.write('\r\u001b[K')
    },
  }
}

const grouped = (number: number): string => number.toLocaleString('en-US')

export const progressLine = (counters: Readonly<Counters>, agents: number): string => {
  const parts = [`${grouped(counters.connected)} of ${grouped(agents)} connected`]
  if (counters.silent > 0) parts.push(`${grouped(counters.silent)} silent`)
  parts.push(`${grouped(counters.beats)} heartbeats`)
  if (counters.running > 0) parts.push(`${grouped(counters.running)} at work`)
  parts.push(`${grouped(counters.finished)} commands done`)
  if (counters.lost > 0) parts.push(`${grouped(counters.lost)} reports lost`)
  if (counters.errors > 0) parts.push(`${grouped(counters.errors)} errors`)
  return parts.join(', ')
}
