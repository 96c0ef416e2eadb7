import { expect, it } from 'vitest'
import { AGENT_FEATURES, formatFeatures, parseFeatures } from './agent-features.js'

it('features come back as they were said', () => {
  expect(parseFeatures(formatFeatures(AGENT_FEATURES))).toEqual(new Set(AGENT_FEATURES))
})

it.each([
  [undefined, []],
  ['', []],
  ['launcher', ['launcher']],
  ['teleport,launcher,', ['launcher']],
  ['toString,constructor', []],
])('%s', (text, known) => {
  expect([...parseFeatures(text)]).toEqual(known)
})
