import { describe, expect, it } from 'vitest'
import { floorAfterRestart, judge, type HostClock, type JumpEvidence } from './freshness.js'

const NOW = 1_000_000_000
const learned: HostClock = { mark: NOW, offset: 0 }

describe('freshness of a signed request (design D2)', () => {
  it('the first request of a host sets its offset, however wrong its clock is', () => {
    const verdict = judge({ mark: 0, offset: undefined }, undefined, NOW + 86_400_000, NOW)
    expect(verdict).toEqual({ fresh: true, clock: { mark: NOW + 86_400_000, offset: 86_400_000 }, jumped: false })
  })

  it.each([
    ['the same moment', 0, 0, true],
    ['a little newer', 1_000, 1_000, true],
    ['15 s older than the newest accepted', -15_000, 0, true],
    ['over 15 s older', -15_001, 0, false],
    ['5 minutes ahead of its offset', 300_000, 0, true],
    ['over 5 minutes ahead', 300_001, 0, false],
    ['held back for 5 minutes', 0, 300_000, true],
    ['held back for longer', 0, 300_001, false],
  ])('%s', (_, agentLater, nowLater, fresh) => {
    expect(judge(learned, undefined, NOW + agentLater, NOW + nowLater).fresh).toBe(fresh)
  })

  it('the window goes with the learned offset', () => {
    const ahead: HostClock = { mark: NOW + 3_600_000, offset: 3_600_000 }
    expect(judge(ahead, undefined, NOW + 3_601_000, NOW + 1_000).fresh).toBe(true)
    expect(judge(ahead, undefined, NOW + 1_000, NOW + 1_000).fresh).toBe(false)
  })

  it('an older request does not move the mark back', () => {
    expect(judge(learned, undefined, NOW - 10_000, NOW)).toEqual({ fresh: true, clock: learned, jumped: false })
  })

  it('a clock that jumped is believed after three requests that agree, over 100 seconds', () => {
    let evidence: JumpEvidence | undefined
    const jump = -7_200_000
    const fresh: boolean[] = []
    for (const later of [1_000, 31_000, 100_999, 101_000]) {
      const verdict = judge(learned, evidence, NOW + jump + later, NOW + later)
      fresh.push(verdict.fresh)
      if (!verdict.fresh) evidence = verdict.evidence
    }
    expect(fresh).toEqual([false, false, false, true])
  })

  it.each([55_000, 65_000])('of heartbeats that are %d ms apart the third is believed', (apart) => {
    let evidence: JumpEvidence | undefined
    for (const beat of [0, 1]) {
      const verdict = judge(learned, evidence, NOW + 7_200_000 + beat * apart, NOW + beat * apart)
      if (verdict.fresh) throw new Error('too early')
      evidence = verdict.evidence
    }
    expect(judge(learned, evidence, NOW + 7_200_000 + 2 * apart, NOW + 2 * apart)).toMatchObject({ jumped: true })
  })

  it('nothing up to the floor is accepted, and is evidence of a clock that was set back', () => {
    const raised: HostClock = { mark: NOW, floor: NOW + 500, offset: 0 }
    expect(judge(raised, undefined, NOW + 500, NOW + 500)).toMatchObject({ fresh: false, evidence: { count: 1 } })
    expect(judge(raised, undefined, NOW + 501, NOW + 501).fresh).toBe(true)
  })

  it('after a restart the floor is the moment of the start, by the clock of the host', () => {
    expect(floorAfterRestart(-3_600_000, NOW)).toBe(NOW - 3_600_000 - 1)
    expect(floorAfterRestart(undefined, NOW)).toBe(0)
  })

  it('a captured signature that is sent again and again is no evidence', () => {
    let evidence: JumpEvidence | undefined
    for (let later = 0; later < 600_000; later += 10_000) {
      const verdict = judge(learned, evidence, NOW - 100_000, NOW + later)
      expect(verdict.fresh).toBe(false)
      if (!verdict.fresh) evidence = verdict.evidence
    }
  })
})
