import { expect, it } from 'vitest'
import { someOf } from './faults.js'

it.each<[readonly string[], string]>([
  [['a'], 'a'],
  [['a', 'b', 'c', 'd', 'e'], 'a, b, c, d, e'],
  [['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'a, b, c, d, e and 2 more'],
  [['x'.repeat(65)], `${'x'.repeat(64)}…`],
])('%j is told back as %s', (names, told) => {
  expect(someOf(names)).toBe(told)
})
