import { describe, expect, it } from 'vitest'
import { nextStep, roomForReturned, type Standing } from './next-step.js'

const NOW = 1_000_000
const base: Standing = {
  scope: { accountId: '1', regionId: 'r' },
  invokeId: 't-1',
  kind: 'invocation',
  status: 'InProgress',
  reason: '',
  total: 10,
  maxConcurrency: undefined,
  stopAfterFailures: undefined,
  waveEnds: [10],
  wave: 0,
  pauseBetweenWaves: undefined,
  queueUntil: undefined,
  resumeAt: undefined,
  createdAt: 0,
  updatedAt: 0,
  waitsInWave: false,
  counts: { waiting: 0, queued: 0, active: 0, scheduled: 0, succeeded: 0, failed: 0, stopped: 0 },
}

interface Change extends Omit<Partial<Standing>, 'counts'> {
  readonly counts?: Partial<Standing['counts']>
}

const standing = ({ counts, ...change }: Change): Standing => ({
  ...base,
  ...change,
  counts: { ...base.counts, ...counts },
})

const twoWaves = { waveEnds: [3, 10], total: 10 }

describe('the next step of a rollout', () => {
  it.each<[string, Change, object]>([
    ['at its beginning', { waitsInWave: true, counts: { waiting: 10 } }, { kind: 'release', below: 10 }],
    [
      'with two at a time',
      { maxConcurrency: 2, waitsInWave: true, counts: { waiting: 10 } },
      { kind: 'release', free: 2 },
    ],
    [
      'with one of two at work',
      { maxConcurrency: 2, waitsInWave: true, counts: { waiting: 5, active: 1 } },
      { kind: 'release', free: 1 },
    ],
    [
      'with two of two at work',
      { maxConcurrency: 2, waitsInWave: true, counts: { waiting: 5, active: 2 } },
      { kind: 'rest' },
    ],
    ['in its first wave', { ...twoWaves, waitsInWave: true, counts: { waiting: 10 } }, { kind: 'release', below: 3 }],
    ['with the first wave at work', { ...twoWaves, counts: { waiting: 7, active: 1 } }, { kind: 'rest' }],
    ['behind the first wave', { ...twoWaves, counts: { waiting: 7, succeeded: 3 } }, { kind: 'next-wave', wave: 1 }],
    [
      'behind the first wave but for hosts that are away',
      { ...twoWaves, counts: { waiting: 7, queued: 2, succeeded: 1 } },
      { kind: 'next-wave', wave: 1 },
    ],
    [
      'behind the first wave, with a pause',
      { ...twoWaves, pauseBetweenWaves: 0, counts: { waiting: 7, succeeded: 3 } },
      { kind: 'pause', wave: 1, resumeAt: undefined, reason: 'wave 1 of 2 is over' },
    ],
    [
      'behind the first wave, with a pause of ten seconds',
      { ...twoWaves, pauseBetweenWaves: 10, counts: { waiting: 7, succeeded: 3 } },
      { kind: 'pause', wave: 1, resumeAt: NOW + 10_000 },
    ],
    ['while it is paused', { status: 'Paused', waitsInWave: true, counts: { waiting: 7 } }, { kind: 'rest' }],
    [
      'while its pause lasts',
      { status: 'Paused', resumeAt: NOW + 1, waitsInWave: true, counts: { waiting: 7 } },
      { kind: 'rest' },
    ],
    [
      'when its pause is over',
      { status: 'Paused', resumeAt: NOW, waitsInWave: true, counts: { waiting: 7 } },
      { kind: 'resume' },
    ],
    [
      'with one failure less than halts it',
      { stopAfterFailures: 2, waitsInWave: true, counts: { waiting: 7, failed: 1 } },
      { kind: 'release' },
    ],
    [
      'with the failures that halt it',
      { stopAfterFailures: 2, waitsInWave: true, counts: { waiting: 7, failed: 2 } },
      { kind: 'halt', reason: '2 hosts failed, and it halts at 2' },
    ],
    [
      'with them while it is paused',
      { status: 'Paused', stopAfterFailures: 1, counts: { queued: 7, failed: 1 } },
      { kind: 'halt', reason: '1 host failed, and it halts at 1' },
    ],
    [
      'with them, when nothing waits any more',
      { stopAfterFailures: 1, counts: { active: 1, failed: 1 } },
      { kind: 'rest' },
    ],
    ['once halted', { status: 'Halted', counts: { waiting: 5, active: 1 } }, { kind: 'cancel' }],
    ['once cancelled', { status: 'Cancelled', counts: { queued: 5 } }, { kind: 'cancel' }],
    ['halted, with the last ones at work', { status: 'Halted', counts: { active: 1 } }, { kind: 'rest' }],
    ['halted, with nothing left', { status: 'Halted', counts: { failed: 1, stopped: 9 } }, { kind: 'finish' }],
    ['with only hosts that are away', { counts: { queued: 3, succeeded: 7 } }, { kind: 'rest' }],
    ['with nothing left', { counts: { succeeded: 10 } }, { kind: 'finish' }],
    ['paused, with nothing left', { status: 'Paused', counts: { stopped: 10 } }, { kind: 'finish' }],
  ])('%s', (_, change, step) => {
    expect(nextStep(standing(change), NOW)).toMatchObject(step)
  })
})

describe('room for hosts that came back', () => {
  it.each<[string, Change, number]>([
    ['what is not at work', { maxConcurrency: 3, counts: { active: 1, queued: 5 } }, 2],
    ['none when all are at work', { maxConcurrency: 3, counts: { active: 3, queued: 5 } }, 0],
    ['none when it halts', { stopAfterFailures: 1, counts: { failed: 1, queued: 5 } }, 0],
    ['none while it is paused', { status: 'Paused', counts: { queued: 5 } }, 0],
    ['all without a bound', { counts: { queued: 5 } }, Number.POSITIVE_INFINITY],
  ])('is %s', (_, change, room) => {
    expect(roomForReturned(standing(change))).toBe(room)
  })
})
