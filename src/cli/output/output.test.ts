import { describe, expect, it } from 'vitest'
import { plainColours } from '../_support.js'
import type { Output } from '../../command-line/terminal.js'
import { cutToWidth, displayWidth, padToWidth } from './display-width.js'
import { openProgressLine } from './progress-line.js'
import { relativeTime } from './relative-time.js'
import { openScreen } from './screen.js'

const ESC = '\u001b'

const recorder = (isTerminal: boolean, columns = 40, rows = 3) => {
  const written: string[] = []
  const output: Output = { write: (text) => written.push(text), isTerminal, columns, rows, colours: plainColours }
  return { output, written }
}

const progress = (succeeded: number, total = 4) => ({
  total,
  succeeded,
  failed: 0,
  running: total - succeeded,
  waiting: 0,
  trouble: '',
})

describe('the width of a text', () => {
  it('counts wide characters twice and combining marks not at all', () => {
    expect(['abc', '中文', 'é', 'e\u0301', '😀', '👨\u200d👩'].map(displayWidth)).toEqual([3, 4, 1, 1, 2, 4])
  })

  it('is kept when it is cut or padded', () => {
    expect(cutToWidth('中文中文', 5)).toBe('中文…')
    expect(cutToWidth('abc', 3)).toBe('abc')
    expect(cutToWidth('abcd', 0)).toBe('')
    expect(padToWidth('中', 4)).toBe('中  ')
    expect(padToWidth('中', 4, 'right')).toBe('  中')
  })
})

describe('a time that has passed', () => {
  it('is told in one unit', () => {
    const at = (ms: number) => relativeTime('2026-11-24T04:00:00Z', Date.parse('2026-11-24T04:00:00Z') + ms)
    expect([-5_000, 0, 59_999, 60_000, 3_599_999, 3_600_000, 86_400_000, 900_000_000].map(at)).toEqual([
      '0 s ago',
      '0 s ago',
      '59 s ago',
      '1 min ago',
      '59 min ago',
      '1 h ago',
      '1 d ago',
      '10 d ago',
    ])
    expect(relativeTime('', 0)).toBe('never')
    expect(relativeTime('later', 0)).toBe('later')
  })
})

describe('progress', () => {
  it('is redrawn in place on a terminal, and gone at the end', () => {
    const { output, written } = recorder(true, 80)
    {
      using line = openProgressLine(output)
      line.show(progress(1))
      line.show(progress(1))
      line.say('Note.')
      line.show(progress(4))
    }
    const quarter = '[██████░░░░░░░░░░░░░░░░░░] 1 of 4 hosts done; 3 running'
    expect(written).toEqual([
      `\r${ESC}[K${quarter}`,
      `\r${ESC}[K`,
      'Note.\n',
      quarter,
      `\r${ESC}[K[████████████████████████] 4 of 4 hosts done`,
      `\r${ESC}[K`,
    ])
  })

  it('is a line now and then where lines cannot be redrawn', () => {
    const { output, written } = recorder(false)
    let now = 0
    using line = openProgressLine(output, () => now)
    line.show(progress(1))
    now = 5_000
    line.show(progress(2))
    line.show(progress(3))
    now = 10_000
    line.show(progress(2))
    line.show({ ...progress(3), failed: 1, running: 0 })
    expect(written).toEqual(['2 of 4 hosts done; 2 running\n', '4 of 4 hosts done: 3 succeeded, 1 failed\n'])
  })
})

describe('the screen of --watch', () => {
  it('shows what fits, each line cut to the width, and gives the terminal back', () => {
    const { output, written } = recorder(true, 10, 2)
    {
      using screen = openScreen(output)
      screen.draw(['short', `${ESC}[32mgreen and too long${ESC}[39m`, 'does not fit'])
    }
    expect(written).toEqual([
      `${ESC}[?1049h${ESC}[?25l`,
      `${ESC}[Hshort${ESC}[K\r\n${ESC}[32mgreen and${ESC}[39m…${ESC}[K${ESC}[J`,
      `${ESC}[?25h${ESC}[?1049l`,
    ])
  })
})
