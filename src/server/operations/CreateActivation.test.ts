import { describe, expect, it } from 'vitest'
import { CreateActivation } from './CreateActivation.js'

const reason = (IpAddressRange: string | undefined) => CreateActivation.check?.({ IpAddressRange }, {} as never)

describe('the addresses of an activation', () => {
  it.each(['0.0.0.0/0', '10.0.0.1', '10.0.0.0/8', '::/0', 'fe80::1', '2001:db8::/32', undefined])(
    'may be %s',
    (range) => {
      expect(reason(range)).toBeUndefined()
    },
  )

  it.each([
    'localhost',
    '10.0.0.0/33',
    '10.0.0/8',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'fe80::1%eth0',
    '/8',
    '10.0.0.0/-1',
  ])('are never %s', (range) => {
    expect(reason(range)).toBe('IpAddressRange/malformed')
  })
})
