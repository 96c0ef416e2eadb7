import { describe, expect, it } from 'vitest'
import { type RolloutValues, rolloutParameters } from './rollout-options.js'

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
    [{ 'offline-timeout': '10' }, '--offline-timeout is a time'],
  ])('%j is refused', (options, message) => {
    expect(() => rolloutParameters(options)).toThrow(message)
  })
})
