import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, startPeer } from '../_support.js'
import { explained, shorterTimeout } from './schedule-options.js'

describe('the time limit of a schedule', () => {
  it.each([
    [undefined, undefined],
    ['rate(1m)', 59],
    ['rate(2m)', undefined],
    ['*/10 * * * * ?', 10],
    ['*/5 * * * * ?', undefined],
    ['0 0 2 * * ?', undefined],
    ['nonsense', undefined],
  ])('of %s is the usual one, or %s s where that is less', (schedule, seconds) => {
    expect(shorterTimeout(schedule)).toBe(seconds)
  })
})

describe('a schedule that is refused', () => {
  const refused = async (Code: string): Promise<unknown> => {
    await using peer = await startPeer((_, response) => answerJson(response, { Code, Message: 'No.' }, 400))
    using api = apiOf(peer)
    return await api.call('RunCommand', []).catch((error: unknown) => error)
  }

  it('is told why, behind what the server said', async () => {
    expect(explained(await refused('InvalidParam.Frequency'), 'rate(1m)', 60)).toMatchObject({
      message: 'InvalidParam.Frequency: No.',
      code: 'InvalidParam.Frequency',
      advice: ['The schedule rate(1m): it runs every 60 s, and one may take 60 s: the time limit can be 59 s at most.'],
    })
  })

  it('is left at what the server said where nothing is known, and so is any other failure', async () => {
    for (const [code, schedule] of [
      ['InvalidParam.Frequency', 'rate(5m)'],
      ['InvalidParameter.Username', 'rate(1m)'],
    ] as const) {
      const error = await refused(code)
      expect(explained(error, schedule, 60)).toBe(error)
    }
  })
})
