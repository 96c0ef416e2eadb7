import { describe, expect, it } from 'vitest'
import { isAddressRange } from './address-range.js'

describe('address ranges', () => {
  it('are addresses or CIDR', () => {
    for (const good of ['10.0.0.0/8', '10.0.0.1', '::1', 'fd00::/8', '0.0.0.0/0'])
      expect(isAddressRange(good)).toBe(true)
    for (const bad of [
      '10.0.0.0/33',
      'fd00::/129',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      'proxy',
      '',
      '10.0.0.0/-1',
      'fe80::1%eth0',
    ])
      expect(isAddressRange(bad), bad).toBe(false)
  })
})
