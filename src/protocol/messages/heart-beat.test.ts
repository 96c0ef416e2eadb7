import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asksForFullQuery, fullQueryWanted, heartBeat, heartBeatAnswer } from './heart-beat.js'

describe('the answer to a heartbeat', () => {
  it('names an interval that the agent accepts, whatever was asked for', () => {
    fc.assert(
      fc.property(fc.double(), (interval) => {
        const answer = heartBeat.answer.decode(heartBeatAnswer(interval))
        expect(answer.ok && answer.value.code).toBe(200)
        const next = (answer.ok && answer.value.nextInterval) || 0
        expect(next >= 55_000 && next <= 65_000).toBe(true)
      }),
    )
  })

  it('can ask for the full query in the one form that the agent knows', () => {
    expect(asksForFullQuery(fullQueryWanted('os_type'))).toBe(true)
    expect(asksForFullQuery('something else')).toBe(false)
  })
})

describe('the query of a heartbeat', () => {
  it.each(['', ' ', '1.0\n', '\u001b[2J', '<b>', 'x'.repeat(65)])('names no version %j', (version) => {
    expect(heartBeat.query.decode(`app_version=${encodeURIComponent(version)}`).ok).toBe(false)
    expect(heartBeat.query.decode('app_version=2.1.0.398').ok).toBe(true)
  })
})
