import type { Output } from '../../command-line/terminal.js'
import { cutToWidth } from './display-width.js'

export interface Screen {
  /** Shows these lines from the top left corner; what does not fit is left out. */
  draw(lines: readonly string[]): void
  /** Gives the terminal back as it was. */
  [Symbol.dispose](): void
}

const ESC = '\u001b'
const ENTER = `${ESC}[?1049h${ESC}[?25l`
const LEAVE = `${ESC}[?25h${ESC}[?1049l`
const HOME = `${ESC}[H`
const CLEAR_LINE = `${ESC}[K`
const CLEAR_BELOW = `${ESC}[J`

/** The terminal's other screen, redrawn in place without flicker; the scroll-back stays untouched. */
export const openScreen = (output: Output): Screen => {
  output.write(ENTER)
  return {
    draw: (lines) => {
      const shown = lines.slice(0, Math.max(1, output.rows))
      const text = shown.map((line) => `${cutPainted(line, output.columns)}${CLEAR_LINE}`).join('\r\n')
      output.write(`${HOME}${text}${CLEAR_BELOW}`)
    },
    [Symbol.dispose]: () => output.write(LEAVE),
  }
}

// oxlint-disable-next-line no-control-regex -- the colours of our own output begin with ESC
const COLOUR = /\u001b\[[0-9;]*m/g

/** A line with colours in it, cut to the width of the screen so that it takes one line there. */
const cutPainted = (line: string, columns: number): string => {
  const plain = line.replace(COLOUR, '')
  const cut = cutToWidth(plain, columns)
  if (cut === plain) return line
  // Walks both: letters are taken while they are among those that stay, colours always.
  let left = cut.length - 1
  let answer = ''
  let at = 0
  for (const match of line.matchAll(COLOUR)) {
    const piece = line.slice(at, match.index)
    answer += piece.slice(0, left) + match[0]
    left = Math.max(0, left - piece.length)
    at = match.index + match[0].length
  }
  return `${answer}${line.slice(at).slice(0, left)}…`
}
