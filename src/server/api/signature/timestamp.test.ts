import { describe, expect, it } from 'vitest'
import { parseTimestamp } from './timestamp.js'

describe('timestamps', () => {
  it('are UTC to the second', () => {
    expect(parseTimestamp('2026-11-24T02:05:51Z')).toBe(Date.UTC(2026, 10, 24, 2, 5, 51))
    expect(parseTimestamp('2024-02-29T23:59:59Z')).toBe(Date.UTC(2024, 1, 29, 23, 59, 59))
  })

  it.each([
    '',
    '2026-11-24T02:05:51',
    '2026-11-24T02:05:51z',
    '2026-11-24 02:05:51Z',
    '2026-11-24T02:05:51.000Z',
    '2026-11-24T02:05:51+00:00',
    '2026-11-24T02:05Z',
    '2026-13-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-11-24T24:00:00Z',
    '2026-11-24T02:60:00Z',
    '2026-11-24T02:05:60Z',
    '٢٠٢٦-11-24T02:05:51Z',
    '-026-11-24T02:05:51Z',
    '2026-11-24T02:05:51Z\n',
  ])('%j is none', (text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })
})
