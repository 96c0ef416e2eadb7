import { describe, expect, it } from 'vitest'
import { type RolloutValues, rolloutAgain, rolloutParameters } from './rollout-options.js'
import type { Rollout } from './rollouts.js'

describe('the turns of hosts', () => {
  it.each<[RolloutValues, readonly (readonly [string, string])[]]>([
    [{}, []],
    [{ 'max-concurrent': '5' }, [['MaxConcurrency', '5']]],
    [
      { 'stop-after': '10%', 'max-concurrent': '2' },
      [
        ['MaxConcurrency', '2'],
        ['StopAfterFailures', '10%'],
      ],
    ],
    [
      { waves: '1, 10%,50%', 'pause-between-waves': 'manual' },
      [
        ['Waves', '1,10%,50%'],
        ['PauseBetweenWaves', 'Manual'],
      ],
    ],
    [
      { waves: '1', 'pause-between-waves': '90s' },
      [
        ['Waves', '1'],
        ['PauseBetweenWaves', '90'],
      ],
    ],
    [{ 'offline-timeout': '10m' }, [['OfflineTimeout', '600']]],
    [{ 'offline-timeout': '2h' }, [['OfflineTimeout', '7200']]],
    [{ 'offline-timeout': '3d' }, [['OfflineTimeout', '259200']]],
  ])('%j', (options, parameters) => {
    expect(rolloutParameters(options)).toEqual(parameters)
  })

  it.each<[RolloutValues, string]>([
    [{ 'max-concurrent': '0' }, '--max-concurrent is a number of hosts'],
    [{ 'stop-after': '101%' }, '--stop-after is a number of hosts'],
    [{ 'stop-after': '1' }, '--stop-after goes with --max-concurrent or --waves'],
    [{ waves: '1,,2' }, '--waves is a number of hosts'],
    [{ 'pause-between-waves': 'manual' }, '--pause-between-waves goes with --waves'],
    [{ waves: '1', 'pause-between-waves': 'soon' }, '--pause-between-waves is a time'],
    [{ 'max-concurrent': '99999999999' }, '--max-concurrent is 99999999999, and can be 9,999,999 hosts at most'],
    [{ waves: Array(51).fill('1').join() }, '--waves names 51 waves, and can name 50'],
    [{ waves: '1', 'pause-between-waves': '999d' }, '--pause-between-waves is 999d, and can be 115d at most'],
    [{ 'offline-timeout': '31d' }, '--offline-timeout is 31d, and can be 30d at most'],
    [{ 'offline-timeout': '10' }, '--offline-timeout is a time'],
  ])('%j is refused', (options, message) => {
    expect(() => rolloutParameters(options)).toThrow(message)
  })
})

describe('turns anew', () => {
  const rollout: Rollout = {
    invokeId: 't-1',
    status: 'Finished',
    reason: '',
    maxConcurrency: 2,
    stopAfterFailures: 3,
    waves: '1,10,89',
    wave: 3,
    pauseBetweenWaves: 'Manual',
    resumeTime: '',
    offlineDeadline: '2026-01-02T00:00:00Z',
    total: 100,
    waiting: 0,
    scheduled: 0,
    queued: 0,
    active: 0,
    succeeded: 0,
    failed: 100,
    stopped: 0,
    creationTime: '2026-01-01T00:00:00Z',
    updateTime: '',
  }

  it.each<[string, RolloutValues, Partial<Rollout> | undefined, Record<string, string>]>([
    [
      'are as they were',
      {},
      {},
      {
        MaxConcurrency: '2',
        StopAfterFailures: '3',
        Waves: '1,10,89',
        PauseBetweenWaves: 'Manual',
        OfflineTimeout: '86400',
      },
    ],
    [
      'are what is said, the others as they were',
      { 'max-concurrent': '10%', 'pause-between-waves': '1m' },
      { offlineDeadline: '' },
      { MaxConcurrency: '10%', StopAfterFailures: '3', Waves: '1,10,89', PauseBetweenWaves: '60' },
    ],
    [
      'have no waves where all were in one',
      {},
      { waves: '100', pauseBetweenWaves: '', offlineDeadline: '', stopAfterFailures: undefined },
      { MaxConcurrency: '2' },
    ],
    ['are what is said where there were none', { 'max-concurrent': '5' }, undefined, { MaxConcurrency: '5' }],
    ['are none where there were none', {}, undefined, {}],
  ])('%s', (_, options, had, expected) => {
    const parameters = rolloutAgain(options, had === undefined ? undefined : { ...rollout, ...had })
    expect(Object.fromEntries(parameters)).toEqual(expected)
  })
})
