import type { Output } from '../../command-line/terminal.js'
import type { Progress } from '../running/follow.js'
import { count } from './count.js'
import { cutToWidth } from './display-width.js'

export interface ProgressLine {
  show(progress: Progress): void
  /** The same, but nothing beside output of which something was written: that is news enough, and may be on the same terminal. */
  showBeside(output: Live, progress: Progress): void
  /** Begins a line of its own below output that has none yet. */
  endLineOf(output: Live): void
  /** The same as `show` for work that only has an amount: `120 of 4,000 results read`. */
  count(done: number, total: number, what: string): void
  /** A line that stays, above the one that is redrawn. */
  say(text: string): void
  /** Takes the line away while something is written that may be on the same terminal. */
  apart(write: () => void): void
  /** Takes the line away. */
  [Symbol.dispose](): void
}

/** Output that is written as it comes, perhaps on the same terminal. */
interface Live {
  readonly hasWritten: boolean
  readonly isMidLine: boolean
}

const CLEAR = '\r\u001b[K'
const BAR = 24
/** Where lines cannot be redrawn, a new one is written only this often. */
const PLAIN_INTERVAL_MS = 5_000

/** Shows how far a run is: redrawn in place on a terminal, a line now and then elsewhere. */
export const openProgressLine = (output: Output, now: () => number = Date.now): ProgressLine => {
  let drawn = ''
  let last = ''
  let lastAt = now()
  const clear = (): void => {
    if (drawn !== '') output.write(CLEAR)
    drawn = ''
  }
  const draw = (done: number, total: number, text: string): void => {
    if (output.isTerminal) {
      const line = cutToWidth(`${bar(done, total)} ${text}`, output.columns - 1)
      if (line === drawn) return
      output.write(`${CLEAR}${line}`)
      drawn = line
      return
    }
    if (text === last || now() - lastAt < PLAIN_INTERVAL_MS) return
    output.write(`${text}\n`)
    last = text
    lastAt = now()
  }
  const apart = (write: () => void): void => {
    const line = drawn
    clear()
    write()
    if (line !== '') output.write(line)
    drawn = line
  }
  const show = (progress: Progress): void =>
    draw(progress.succeeded + progress.failed, progress.total, progressText(progress))
  return {
    show,
    showBeside: (live, progress) => {
      if (!live.hasWritten || (progress.trouble !== '' && !live.isMidLine)) show(progress)
    },
    endLineOf: (live) => {
      if (live.isMidLine && output.isTerminal) output.write('\n')
    },
    count: (done, total, what) =>
      draw(done, total, `${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} ${what}`),
    say: (text) => apart(() => output.write(`${text}\n`)),
    apart,
    [Symbol.dispose]: clear,
  }
}

const bar = (done: number, total: number): string => {
  const filled = total === 0 ? 0 : Math.floor((BAR * Math.min(done, total)) / total)
  return `[${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}]`
}

/** `42 of 100 hosts done: 40 succeeded, 2 failed; 10 running, 48 waiting` */
export const progressText = ({ total, succeeded, failed, running, waiting, trouble }: Progress): string => {
  if (trouble !== '') return `no news: ${trouble}`
  const done = succeeded + failed
  const ended = failed === 0 ? '' : `: ${succeeded} succeeded, ${failed} failed`
  const open = [running > 0 ? `${running} running` : '', waiting > 0 ? `${waiting} waiting` : ''].filter(Boolean)
  return `${done} of ${count(total, 'host')} done${ended}${open.length === 0 ? '' : `; ${open.join(', ')}`}`
}
