import { describe, expect, it } from 'vitest'
import { createPeerReader } from './client-address.js'

const read = createPeerReader(['10.0.0.0/8', '2001:db8::/32', '127.0.0.1'])
const from = (remoteAddress: string | undefined, headers: Record<string, string> = {}, encrypted = false) =>
  read({ remoteAddress, encrypted }, headers)

describe('who sent a request', () => {
  it('is the socket, whatever the request says, unless the socket is a trusted proxy', () => {
    const headers = {
      'x-forwarded-for': '192.0.2.1',
      'x-client-ip': '192.0.2.1',
      forwarded: 'for=192.0.2.1;proto=https',
    }
    expect(from('198.51.100.7', headers)).toEqual({ address: '198.51.100.7', secure: false, loopback: false })
    expect(from('::ffff:198.51.100.7', headers, true)).toEqual({
      address: '198.51.100.7',
      secure: true,
      loopback: false,
    })
    expect(from(undefined)).toEqual({ address: undefined, secure: false, loopback: false })
  })

  it('is loopback only when nothing was forwarded', () => {
    const untrusting = createPeerReader([])
    const local = { remoteAddress: '::1', encrypted: false }
    expect(untrusting(local, {})).toEqual({ address: '::1', secure: false, loopback: true })
    expect(untrusting(local, { 'x-forwarded-for': '192.0.2.1' })).toEqual({
      address: '::1',
      secure: false,
      loopback: false,
    })
    expect(untrusting({ ...local, remoteAddress: '::ffff:127.0.0.1' }, { forwarded: 'for=1.2.3.4' }).loopback).toBe(
      false,
    )
  })

  it.each([
    ['one hop', { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
    ['a client that lies to the left', { 'x-forwarded-for': '127.0.0.1, 10.1.1.1, 192.0.2.1' }, '192.0.2.1'],
    ['proxies of ours to the right', { 'x-forwarded-for': '192.0.2.1, 10.1.1.1, 10.2.2.2' }, '192.0.2.1'],
    ['a port', { 'x-forwarded-for': '192.0.2.1:8443' }, '192.0.2.1'],
    ['IPv6 in brackets with a port', { 'x-forwarded-for': '[2001:DB9::0:1]:8443' }, '2001:db9::1'],
    ['IPv4 in IPv6', { 'x-forwarded-for': '::ffff:c000:201' }, '192.0.2.1'],
    [
      'RFC 7239',
      { forwarded: 'for=1.1.1.1;proto=http, For="[2001:db9::1]:80"; Proto=https;by=10.0.0.1' },
      '2001:db9::1',
    ],
    ['both, the same', { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
    ['both, and they disagree', { forwarded: 'for=192.0.2.9', 'x-forwarded-for': '192.0.2.1' }, undefined],
    ['a hidden one', { forwarded: 'for=_hidden' }, undefined],
    ['unknown', { 'x-forwarded-for': '192.0.2.1, unknown' }, undefined],
    ['nonsense', { 'x-forwarded-for': '192.0.2.999' }, undefined],
    ['nothing', { 'x-forwarded-for': '' }, undefined],
    ['only ourselves', { 'x-forwarded-for': '10.1.1.1' }, '10.1.1.1'],
    ['more hops than are followed', { 'x-forwarded-for': `192.0.2.1${', 10.1.1.1'.repeat(40)}` }, undefined],
  ])('behind a trusted proxy: %s', (_name, headers: Record<string, string>, address) => {
    expect(from('10.9.9.9', headers)).toEqual({ address, secure: true, loopback: false })
  })

  it('is not secure when the proxy says that its client came without TLS', () => {
    const forwardedFor = { 'x-forwarded-for': '192.0.2.1' }
    expect(from('10.9.9.9', { ...forwardedFor, 'x-forwarded-proto': 'https' }).secure).toBe(true)
    expect(from('10.9.9.9', { ...forwardedFor, 'x-forwarded-proto': 'https, http' }).secure).toBe(false)
    expect(from('10.9.9.9', { forwarded: 'for=192.0.2.1;proto=HTTP' }).secure).toBe(false)
  })

  it('is the proxy when it speaks for itself', () => {
    expect(from('127.0.0.1')).toEqual({ address: '127.0.0.1', secure: true, loopback: true })
  })
})
