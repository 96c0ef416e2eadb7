import { describe, expect, it } from 'vitest'
import type { Rollout } from '../rollouts/rollouts.js'
import { leftText } from './leaving.js'

const rollout: Rollout = {
  invokeId: 't-1',
  status: 'Paused',
  reason: '',
  maxConcurrency: 1,
  stopAfterFailures: undefined,
  waves: '3',
  wave: 1,
  pauseBetweenWaves: '',
  resumeTime: '',
  offlineDeadline: '',
  total: 3,
  waiting: 2,
  scheduled: 0,
  queued: 0,
  active: 0,
  succeeded: 1,
  failed: 0,
  stopped: 0,
  creationTime: '',
  updateTime: '',
}
const known = (...rollouts: readonly Partial<Rollout>[]) =>
  new Map(rollouts.map((one) => [one.invokeId ?? 't-1', { ...rollout, ...one }]))
const [first, second] = [{ invokeId: 't-1' }, { invokeId: 't-2' }]

describe('what is said of what is left', () => {
  it.each([
    ['it goes on', [first], known(), 'Left; it goes on.'],
    ['it goes on in turns', [first], known({ status: 'InProgress' }), 'Left; it goes on.'],
    [
      'it is paused',
      [first],
      known({}),
      'Left; it is paused until somebody resumes it: until then, no host gets its turn.',
    ],
    [
      'it is paused for a while',
      [first],
      known({ resumeTime: '2026-01-01T00:00:00Z' }),
      'Left; it is paused until 2026-01-01T00:00:00Z: until then, no host gets its turn.',
    ],
    [
      'one of two is paused',
      [first, second],
      known({ status: 'InProgress' }, { invokeId: 't-2' }),
      'Left; it goes on; t-2 is paused until somebody resumes it: until then, no host gets its turn.',
    ],
  ])('%s', (_, invocations, rollouts, told) => {
    expect(leftText(invocations, rollouts, 'it goes on')).toBe(told)
  })
})
