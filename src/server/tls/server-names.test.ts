import { describe, expect, it } from 'vitest'
import { nameConstraints } from './name-constraints.js'
import { isCovered, serverNames } from './server-names.js'

const machine = {
  hostname: 'Host7.lan.',
  interfaces: {
    lo: [{ address: '127.0.0.1', internal: true }],
    eth0: [
      { address: '192.0.2.7', internal: false },
      { address: '2001:DB8::7', internal: false },
      { address: 'fe80::1', internal: false },
    ],
  },
}

describe('names of a server', () => {
  it('are what the operator advertises, and what is found on the machine', () => {
    expect(serverNames(['Assist.Example', '192.0.2.7'], '0.0.0.0', machine)).toEqual({
      advertised: ['assist.example', '192.0.2.7'],
      found: ['localhost', '127.0.0.1', '::1', 'host7.lan', '2001:db8::7'],
    })
  })

  it('leave the other addresses out when the listener has one of its own', () => {
    expect(serverNames([], '192.0.2.7', machine).found).toEqual([
      'localhost',
      '127.0.0.1',
      '::1',
      'host7.lan',
      '192.0.2.7',
    ])
    expect(serverNames([], '127.0.0.1', machine).found).toEqual(['localhost', '127.0.0.1', '::1', 'host7.lan'])
  })

  it('leave out a host name that no certificate can hold', () => {
    expect(serverNames([], '127.0.0.1', { ...machine, hostname: 'my_host' }).found).not.toContain('my_host')
  })

  it('are bounded', () => {
    const many = Array.from({ length: 500 }, (_, index) => ({
      address: `10.1.${index >> 8}.${index & 255}`,
      internal: false,
    }))
    expect(serverNames([], '::', { hostname: 'h', interfaces: { many } }).found.length).toBeLessThan(80)
  })

  it('are covered by themselves and by the domain above, addresses only by themselves', () => {
    expect(isCovered('a.example', ['a.example'])).toBe(true)
    expect(isCovered('b.a.example', ['a.example'])).toBe(true)
    expect(isCovered('ba.example', ['a.example'])).toBe(false)
    expect(isCovered('10.1.2.3', ['2.3'])).toBe(false)
    expect(isCovered('10.1.2.3', ['10.1.2.3'])).toBe(true)
  })
})

it('name constraints need both kinds of names, because a kind that is missing would be free', () => {
  expect(() => nameConstraints(['a.example'])).toThrow('a kind that is missing')
  expect(() => nameConstraints(['192.0.2.1'])).toThrow('a kind that is missing')
  expect(nameConstraints(['a.example', '192.0.2.1']).toString('hex')).toBe(
    '301ba019300b8209612e6578616d706c65300a8708c0000201ffffffff',
  )
})
