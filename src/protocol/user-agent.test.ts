import { describe, expect, it } from 'vitest'
import { formatUserAgent, parseOsType, parseUserAgent } from './user-agent.js'

describe('the user agent of an agent', () => {
  it.each([
    ['linux_amd64/2.2.3.578', { osType: 'Linux', architecture: 'amd64', version: '2.2.3.578' }],
    ['windows_386/2.1.3.499', { osType: 'Windows', architecture: '386', version: '2.1.3.499' }],
    ['freebsd_arm64/2.2.3.578', { osType: 'FreeBSD', architecture: 'arm64', version: '2.2.3.578' }],
  ] as const)('%s tells system, architecture and version', (header, expected) => {
    expect(parseUserAgent(header)).toEqual(expected)
    expect(formatUserAgent(expected)).toBe(header)
  })

  it.each([
    undefined,
    '',
    'Go-http-client/1.1',
    'linux_amd64/',
    'plan9_amd64/2.2.3.578',
    'linux_amd64/2.2\n3',
    'linux_amd64/<b>',
    `linux_amd64/${'1'.repeat(200)}`,
    'constructor_amd64/1',
  ])('%j is none', (header) => {
    expect(parseUserAgent(header)).toBeUndefined()
  })

  it('knows systems in any case, and no others', () => {
    expect(parseOsType('Linux')).toBe('Linux')
    expect(parseOsType('WINDOWS')).toBe('Windows')
    expect(parseOsType('toString')).toBeUndefined()
  })
})
