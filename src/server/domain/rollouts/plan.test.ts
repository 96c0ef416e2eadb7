import { describe, expect, it } from 'vitest'
import { isPaced, planOf } from './plan.js'
import type { RolloutRequest } from './rollouts.js'

describe('the plan of a rollout', () => {
  it.each<[string, RolloutRequest, number, object]>([
    ['a number', { maxConcurrency: '5' }, 100, { maxConcurrency: 5, waveEnds: [100] }],
    ['a number beyond all', { maxConcurrency: '500' }, 100, { maxConcurrency: 100 }],
    ['a part, rounded up', { maxConcurrency: '10%' }, 95, { maxConcurrency: 10 }],
    ['a part of few is at least one', { stopAfterFailures: '1%' }, 3, { stopAfterFailures: 1 }],
    ['all', { stopAfterFailures: '100%' }, 7, { stopAfterFailures: 7 }],
    ['waves, and what is left', { waves: ['1', '10%', '50%'] }, 100, { waveEnds: [1, 11, 61, 100] }],
    ['waves that are all', { waves: ['50%', '50%'] }, 10, { waveEnds: [5, 10] }],
    ['waves beyond all', { waves: ['5', '5', '5'] }, 7, { waveEnds: [5, 7] }],
    ['waves of one host', { waves: ['1', '1'] }, 1, { waveEnds: [1] }],
    ['a deadline', { offlineTimeoutSeconds: 60 }, 1, { queueUntil: 61_000 }],
  ])('%s', (_, request, total, plan) => {
    expect(planOf(request, total, 1_000)).toMatchObject(plan)
  })

  it('gives hosts their turn one after the other but for a queue alone', () => {
    expect(isPaced({ offlineTimeoutSeconds: 60 })).toBe(false)
    expect(isPaced({ offlineTimeoutSeconds: 60, waves: ['1'] })).toBe(true)
  })
})
