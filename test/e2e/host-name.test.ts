import { lookup } from 'node:dns/promises'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, Workplace } from './_cli-support.js'

// A server that was told no name: it uses the machine's.

const isKnown = await lookup(hostname()).then(
  () => true,
  () => false,
)

let place: Workplace
beforeEach(() => {
  place = new Workplace()
})
afterEach(async () => place[Symbol.asyncDispose]())

describe.runIf(isKnown)('without --public-host', () => {
  it('enroll gives lines that work, with the name of the machine', async () => {
    place.openassist(['serve', '--log-level', 'error', '--listen', '127.0.0.1:0', '--listen-tls', '0.0.0.0:0'])
    const file = join(place.folder, 'data', 'server.json')
    await eventually('server.json', () => existsSync(file) || undefined)
    const { tlsEndpoint } = JSON.parse(readFileSync(file, 'utf8')) as { tlsEndpoint: string }
    expect(new URL(tlsEndpoint).hostname).toBe(hostname().toLowerCase())
    const { instanceId } = await place.enrol('agent')
    const { code, out } = await place.run(['run', '-i', instanceId, '--', 'echo reached'])
    expect({ code, out }).toEqual({ code: 0, out: 'reached\n' })
    // What SDKs are told works too.
    const regions = await place.run(['DescribeRegions', '--endpoint', tlsEndpoint])
    expect(regions.code).toBe(0)
  })
})
