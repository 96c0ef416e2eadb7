import { describe, expect, it } from 'vitest'
import { postgresDialect, sqliteDialect } from './dialect.js'

describe('a wildcard', () => {
  it.each([
    ['a', 'a', 'a'],
    ['*', '*', '%'],
    ['**', '**', '%%'],
    ['a*', 'a*', 'a%'],
    ['*a*', '*a*', '%a%'],
    ['a*b', 'a[*]b', 'a*b'],
    ['*a*b_%\\?[*', '*a[*]b_%\\[?][[]*', '%a*b\\_\\%\\\\?[%'],
    ['a\n*', 'a\n*', 'a\n%'],
  ])('with stars that count at its ends alone: %s', (wildcard, glob, like) => {
    expect(sqliteDialect.pattern(wildcard, 'ends')).toBe(glob)
    expect(postgresDialect.pattern(wildcard, 'ends')).toBe(like)
  })

  it.each([
    ['a*b*', 'a*b*', 'a%b%'],
    ['*_?[', '*_[?][[]', '%\\_?['],
  ])('with stars that count anywhere: %s', (wildcard, glob, like) => {
    expect(sqliteDialect.pattern(wildcard)).toBe(glob)
    expect(postgresDialect.pattern(wildcard)).toBe(like)
  })
})
