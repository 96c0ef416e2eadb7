import { describe, expect, it } from 'vitest'
import { didYouMean, suggest } from './suggest.js'

describe('the name that was probably meant', () => {
  const names = ['InstanceId', 'InstanceName', 'Timeout', 'Username', 'all']

  it('differs by letter case, by a slip of the finger, or is not finished', () => {
    expect(suggest('instanceid', names)).toBe('InstanceId')
    expect(suggest('InstnaceId', names)).toBe('InstanceId')
    expect(suggest('Timeuot', names)).toBe('Timeout')
    expect(suggest('User', names)).toBe('Username')
  })

  it('is not guessed when nothing is near, or when several names go on like that', () => {
    expect(suggest('Frequency', names)).toBeUndefined()
    expect(suggest('Instan', names)).toBeUndefined()
    expect(suggest('x', names)).toBeUndefined()
    expect(didYouMean('zzz', names)).toBe('')
  })

  it('does not take long over a very long word', () => {
    expect(suggest('x'.repeat(1_000_000), names)).toBeUndefined()
  })
})
