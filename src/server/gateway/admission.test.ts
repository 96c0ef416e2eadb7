import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signatureHeaders } from '../../protocol/agent-signature.js'
import { createAdmission } from './admission.js'
import { HostKeys } from './host-keys.js'
import { TestRoom, type TestHost } from './_support.js'

const overTls = { address: '192.0.2.1', secure: true, loopback: false }
const uuid = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`

const desk = (limits = { maxHostKeys: 100, hostKeyLifetimeMs: 60_000 }) => {
  const room = new TestRoom()
  const clock = { at: Date.now() }
  const keys = new HostKeys(room, limits, () => clock.at)
  const admission = createAdmission({ keys, presence: room, tell: (event) => room.events.push(event) })
  let requests = 0
  const headersOf = (host: TestHost, change: { timestamp?: number; requestId?: string } = {}) => ({
    'user-agent': host.userAgent,
    ...signatureHeaders(host.privateKey, host.machineId, {
      instanceId: host.instanceId,
      timestamp: Date.now(),
      requestId: uuid((requests += 1)),
      ...change,
    }),
  })
  return { room, clock, keys, admission, headersOf }
}

describe('admission', () => {
  it('takes a signed request and tells whose it is', async () => {
    const { room, admission, headersOf } = desk()
    const admitted = await admission.admit(headersOf(room.add('mi-1')), overTls)
    expect(admitted).toEqual({
      admitted: true,
      host: { instanceId: 'mi-1', userAgent: { osType: 'Linux', architecture: 'amd64', version: '2.2.3.578' } },
    })
  })

  it('keeps the key of a host: one look-up for many requests', async () => {
    const { room, admission, headersOf } = desk()
    const host = room.add('mi-1')
    for (let request = 0; request < 5; request++) {
      expect((await admission.admit(headersOf(host), overTls)).admitted).toBe(true)
    }
    expect(room.keyLookups).toBe(1)
  })

  it('refuses a plain connection from elsewhere before anything is looked up', async () => {
    const { room, admission, headersOf } = desk()
    const peer = { ...overTls, secure: false }
    expect(await admission.admit(headersOf(room.add('mi-1')), peer)).toMatchObject({ status: 403, refusal: 'insecure' })
    expect(room.keyLookups).toBe(0)
    expect((await admission.admit(headersOf(room.add('mi-1')), { ...peer, loopback: true })).admitted).toBe(true)
  })

  it('never trusts the identity header of cloud mode', async () => {
    const { room, admission } = desk()
    room.add('mi-1')
    const headers = { 'x-client-instance-id': 'mi-1', 'user-agent': 'linux_amd64/2.2.3.578' }
    expect(await admission.admit(headers, overTls)).toMatchObject({ status: 401, refusal: 'unsigned' })
  })

  it('answers a stranger and a wrong key alike', async () => {
    const { room, admission, headersOf } = desk()
    const host = room.add('mi-1')
    const stranger = headersOf({ ...host, instanceId: 'mi-2' })
    const forger = headersOf({ ...host, privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey })
    const clone = headersOf({ ...host, machineId: 'another' })
    const refused = { admitted: false, status: 401, refusal: 'unknown-or-bad-signature' }
    expect(await admission.admit(stranger, overTls)).toEqual(refused)
    expect(await admission.admit(forger, overTls)).toEqual(refused)
    expect(await admission.admit(clone, overTls)).toEqual(refused)
    expect(room.events.map((event) => event.kind)).toEqual(Array(3).fill('admission-refused'))
  })

  it('refuses what is not fresh and what was seen before, after the signature was checked', async () => {
    const { room, admission, headersOf } = desk()
    const host = room.add('mi-1')
    const old = headersOf(host, { timestamp: Date.now() - 3_600_000 })
    expect(await admission.admit(old, overTls)).toMatchObject({ status: 401, refusal: 'stale' })
    const once = headersOf(host)
    expect((await admission.admit(once, overTls)).admitted).toBe(true)
    expect(await admission.admit(once, overTls)).toMatchObject({ status: 401, refusal: 'replayed' })
    const forged = { ...once, 'x-acs-signature': 'A'.repeat(344) }
    expect(await admission.admit(forged, overTls)).toMatchObject({ refusal: 'unknown-or-bad-signature' })
  })

  it('knows a host that registered again with another key on another node', async () => {
    const { room, clock, admission, headersOf } = desk()
    await admission.admit(headersOf(room.add('mi-1')), overTls)
    const again = room.add('mi-1', generateKeyPairSync('rsa', { modulusLength: 2048 }))
    clock.at += 2_000
    expect((await admission.admit(headersOf(again), overTls)).admitted).toBe(true)
  })

  it('does not look a key up for each forged request', async () => {
    const { room, admission, headersOf } = desk()
    const host = room.add('mi-1')
    await admission.admit(headersOf(host), overTls)
    for (let request = 0; request < 5; request++) {
      await admission.admit(headersOf({ ...host, machineId: 'another' }), overTls)
    }
    expect(room.keyLookups).toBe(1)
  })

  it('ends with a registration that another node ended, within the lifetime of a key', async () => {
    const { room, clock, keys, admission, headersOf } = desk()
    const host = room.add('mi-1')
    await admission.admit(headersOf(host), overTls)
    room.hosts.delete('mi-1')
    clock.at += 60_000
    expect((await admission.admit(headersOf(host), overTls)).admitted).toBe(false)
    expect(keys.size).toBe(0)
  })

  it('lets the failure of a look-up through, and tries again next time', async () => {
    const { room, admission, headersOf } = desk()
    const host = room.add('mi-1')
    room.broken = new Error('the store is away')
    await expect(admission.admit(headersOf(host), overTls)).rejects.toThrow('the store is away')
    room.broken = undefined
    expect((await admission.admit(headersOf(host), overTls)).admitted).toBe(true)
  })
})

describe('the kept keys', () => {
  it('are bounded: the least recently used one goes', async () => {
    const { room, keys } = desk({ maxHostKeys: 3, hostKeyLifetimeMs: 60_000 })
    for (const instanceId of ['mi-1', 'mi-2', 'mi-3']) await keys.lookUp(room.add(instanceId).instanceId)
    keys.peek('mi-1')
    await keys.lookUp(room.add('mi-4').instanceId)
    expect(keys.size).toBe(3)
    expect(keys.peek('mi-1')).toBeDefined()
    expect(keys.peek('mi-2')).toBeUndefined()
  })

  it('go with the presence of their hosts', async () => {
    const { room, clock, keys } = desk()
    await keys.lookUp(room.add('mi-gone').instanceId)
    clock.at += 121_000
    await keys.lookUp(room.add('mi-here').instanceId)
    keys.sweep()
    expect(keys.size).toBe(1)
    expect(keys.peek('mi-here')).toBeDefined()
  })

  it('are not kept when their registration ends while they are being looked up', async () => {
    const { room, keys } = desk()
    room.add('mi-1')
    const found = keys.lookUp('mi-1')
    keys.drop('mi-1')
    room.add('mi-1', generateKeyPairSync('rsa', { modulusLength: 2048 }))
    const again = keys.lookUp('mi-1')
    expect(await found).toBeUndefined()
    expect(keys.peek('mi-1')).toBe(await again)
    expect(room.keyLookups).toBe(2)
  })

  it('are looked up once for requests that come together', async () => {
    const { room, keys } = desk()
    room.add('mi-1')
    const found = await Promise.all([keys.lookUp('mi-1'), keys.lookUp('mi-1'), keys.lookUp('mi-1')])
    expect(room.keyLookups).toBe(1)
    expect(new Set(found).size).toBe(1)
  })
})
