import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flag, integer, optional, text } from '../schema/shape.js'
import { defineQuery, QUERY_LIMIT } from './query.js'

const query = defineQuery({
  id: text('An id.', { pattern: '[a-z]{1,8}' }),
  count: optional(integer('A number.', { min: -5, max: 100 })),
  good: optional(flag('A flag.')),
  words: optional(text('Any text.', { maxLength: 4_000 })),
})

describe('a query', () => {
  it('is written in the order of its declaration, escaped as Go does', () => {
    expect(query.encode({ words: "a b'(1)*~/é", good: false, id: 'x' })).toBe(
      'id=x&good=false&words=a+b%27%281%29%2A~%2F%C3%A9',
    )
  })

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            id: fc.stringMatching(/^[a-z]{1,8}$/),
            count: fc.integer({ min: -5, max: 100 }),
            good: fc.boolean(),
            words: fc.string({ unit: 'grapheme', maxLength: 100 }).map((words) => words.replaceAll('\0', '')),
          },
          { requiredKeys: ['id'] },
        ),
        (value) => {
          expect(query.decode(query.encode(value))).toEqual({ ok: true, value })
        },
      ),
    )
  })

  it('ignores names it does not know, and keeps no name of an object apart', () => {
    expect(query.decode('id=a&new=1&__proto__=2&constructor')).toEqual({ ok: true, value: { id: 'a' } })
  })

  it.each([
    ['', 'id is missing'],
    ['id=A', 'id is malformed'],
    ['id=a&id=b', 'id is given twice'],
    ['id=a&count=1.5', 'count is not a number in its range'],
    ['id=a&count=', 'count is not a number in its range'],
    ['id=a&count=0x10', 'count is not a number in its range'],
    ['id=a&count=101', 'count is not a number in its range'],
    ['id=a&count=99999999999999999999', 'count is not a number in its range'],
    ['id=a&good=1', 'good is neither true nor false'],
    [`id=a&words=${'x'.repeat(4_001)}`, 'words is too long'],
    ['x'.repeat(QUERY_LIMIT + 1), 'the query is too long'],
    ['a&'.repeat(100), 'the query has too many parameters'],
  ])('%.60s is refused with a reason', (text, reason) => {
    expect(query.decode(text)).toEqual({ ok: false, reason })
  })

  it('takes what is no UTF-8 and stray percent signs in texts, without NUL', () => {
    expect(query.decode('id=a&words=%C4%FA+100%25%zz%00%')).toEqual({
      ok: true,
      value: { id: 'a', words: '\uFFFD\uFFFD 100%%zz\uFFFD%' },
    })
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void query.decode(`id=a&words=${text}`)))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void query.decode(text)))
  })
})
