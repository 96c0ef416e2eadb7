import { describe, expect, it } from 'vitest'
import { isInRange, isPrivateAddress } from './address-range.js'

describe('an address range', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.8', '192.0.2.7', false],
    ['10.255.0.1', '10.0.0.0/8', true],
    ['11.0.0.1', '10.0.0.0/8', false],
    ['203.0.113.9', '0.0.0.0/0', true],
    ['::ffff:10.1.2.3', '10.0.0.0/8', true],
    ['::FFFF:10.1.2.3', '10.0.0.0/8', true],
    ['2001:db8::1', '2001:db8::/32', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['::1', '::1', true],
    ['2001:db8::1', '0.0.0.0/0', false],
    ['10.0.0.1', '::/0', false],
    ['not an address', '0.0.0.0/0', false],
    ['10.0.0.1', 'not a range', false],
    ['', '0.0.0.0/0', false],
  ])('%s in %s: %s', (address, range, within) => {
    expect(isInRange(address, range)).toBe(within)
  })

  it.each(['10.1.1.1', '172.31.0.1', '192.168.1.1', '127.0.0.1', '::1', 'fd00::1', 'fe80::1', '::ffff:10.0.0.1'])(
    '%s is private',
    (address) => {
      expect(isPrivateAddress(address)).toBe(true)
    },
  )

  it.each(['203.0.113.1', '172.32.0.1', '2001:db8::1', 'nothing'])('%s is not private', (address) => {
    expect(isPrivateAddress(address)).toBe(false)
  })
})
