import { describe, expect, it } from 'vitest'
import { compareVersions, fillsIn } from './agent-version.js'

describe('versions of agents', () => {
  it.each([
    ['2.2.3.309', '2.2.3.309', 0],
    ['2.2.3.308', '2.2.3.309', -1],
    ['2.2.3.1000', '2.2.3.309', 1],
    ['2.10', '2.9.9.9', 1],
    ['2', '2.0.0.0', 0],
    ['x', '0', 0],
    ['2.2.3.309-beta', '2.2.3.309', -1],
  ])('%s against %s: %d', (one, other, sign) => {
    expect(Math.sign(compareVersions(one, other))).toBe(sign)
  })

  it('fill in built-in parameters from the documented ones on', () => {
    expect(fillsIn('Linux', '2.2.3.309', ['InstanceId', 'InvokeId', 'CommandId'])).toBe(true)
    expect(fillsIn('Linux', '2.2.3.308', ['InstanceId'])).toBe(false)
    expect(fillsIn('Linux', '2.2.3.343', ['InstanceName'])).toBe(false)
    expect(fillsIn('Windows', '2.1.3.344', ['InstanceName'])).toBe(true)
    expect(fillsIn('Windows', '2.1.3.308', ['CommandId'])).toBe(false)
  })

  it('that are no numbers fill in nothing that needs one', () => {
    expect(fillsIn('Linux', 'anything', ['InstanceId'])).toBe(false)
  })
})
