import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Ended, eventually, Workplace } from './_cli-support.js'

// Subcommands that start a server of their own.

let place: Workplace
beforeEach(() => {
  place = new Workplace()
})
afterEach(async () => place[Symbol.asyncDispose]())

describe('openassist dev', () => {
  it('is a server with the documented key and a live agent, and leaves nothing behind', async () => {
    const emulator = place.openassist(['dev', '--listen', '127.0.0.1:0', '-o', 'json'], {
      env: { TMPDIR: place.folder },
    })
    const [line] = await emulator.said(/^\{.*\}$/m)
    const told = JSON.parse(line) as { endpoint: string; instanceId: string }
    expect(told).toMatchObject({ accessKeyId: 'openassist-dev', accessKeySecret: 'openassist-dev-secret' })
    const env = {
      OPENASSIST_ENDPOINT: told.endpoint,
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'openassist-dev',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'openassist-dev-secret',
    }
    expect(await place.run(['run', '-i', told.instanceId, '--', 'echo hello'], { env })).toMatchObject({
      code: 0,
      out: 'hello\n',
    })
    emulator.child.kill('SIGTERM')
    expect((await emulator.ended).code).toBe(0)
    expect(readdirSync(place.folder)).toEqual([])
  })

  it('listens on loopback only', async () => {
    const { code, err } = await place.run(['dev', '--listen', '0.0.0.0:0'])
    expect(code).toBe(2)
    expect(err).toContain('it listens on loopback only, not on 0.0.0.0')
  })
})

describe('openassist quickstart', () => {
  const ports = ['--listen', '127.0.0.1:0', '--listen-tls', '127.0.0.1:0']

  const check = ({ code, out, err }: Ended): string => {
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('Hello from ')
    const json = JSON.parse(/\n(\{\n[^]*\n\})\n/.exec(out)?.[1] ?? '') as {
      InstanceCloudAssistantStatusSet: {
        InstanceCloudAssistantStatus: { InstanceId: string; CloudAssistantStatus: string }[]
      }
    }
    const [status] = json.InstanceCloudAssistantStatusSet.InstanceCloudAssistantStatus
    expect(status?.CloudAssistantStatus).toBe('true')
    expect(out.trimEnd().split('\n').at(-1)).toBe('Everything is stopped.')
    return status?.InstanceId ?? ''
  }

  it('shows everything at work, and goes on from there the next time', async () => {
    const once = check(await place.run(['quickstart', '--once', ...ports]))
    const again = await place.run(['quickstart', '--once', ...ports])
    expect(check(again)).toBe(once)
    expect(again.out).toContain('it was enrolled already')
    // Stopped cleanly: a server that runs has this file.
    expect(existsSync(join(place.folder, 'data', 'server.json'))).toBe(false)
  })

  it('keeps serving until it is told to stop, and stops what it started', async () => {
    const demonstration = place.openassist(['quickstart', ...ports])
    await demonstration.said(/The server keeps running\./)
    const { pid } = JSON.parse(readFileSync(join(place.folder, 'data', 'server.json'), 'utf8')) as { pid: number }
    expect((await place.run(['status'])).out).toContain(' live ')
    const second = await place.run(['quickstart', '--once', ...ports])
    expect(second.code).toBe(1)
    expect(second.err).toContain(`a server runs with the data in ./data already: process ${pid}`)
    demonstration.child.kill('SIGINT')
    expect((await demonstration.ended).code).toBe(0)
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  it('chooses other ports when the usual ones are taken', async () => {
    const listeners = await Promise.all([8080, 8443].map(occupy))
    try {
      const { code, out } = await place.run(['quickstart', '--once'])
      expect(code).toBe(0)
      expect(out).toContain('Port 8080 is taken, so it listens on 127.0.0.1:')
      expect(out).toContain('Port 8443 is taken, so it listens on 0.0.0.0:')
    } finally {
      for (const close of listeners) await close()
    }
  })

  it.runIf(process.getuid?.() === 0)('works for an ordinary user too', async () => {
    const nobody = statSync('/proc/self').uid === 0 ? 65_534 : 0
    check(await place.run(['quickstart', '--once', ...ports, '--data', join(place.folder, 'own')], { uid: nobody }))
  })

  it('fails when a step does not work', async () => {
    const { code, err } = await place.run([
      'quickstart',
      '--once',
      '--listen',
      '192.0.2.1:1',
      '--listen-tls',
      '127.0.0.1:0',
    ])
    expect(code).toBe(1)
    expect(err).toContain('the server ended with status 1')
  })
})

describe('openassist simulate', () => {
  const live = (number: number) =>
    eventually(`${number} live hosts`, async () => {
      const { out } = await place.run(['status', '--state', 'live', '-o', 'json'])
      const { hosts } = JSON.parse(out) as { hosts: { instanceId: string }[] }
      return hosts.length === number ? hosts : undefined
    })

  it('registers hosts that answer commands, many at a time', async () => {
    await place.serve()
    const fleet = place.openassist([
      'simulate',
      '-n',
      '120',
      '--name',
      'web',
      '--output',
      'same',
      '--identities',
      'fleet',
    ])
    await live(120)
    const { code, out, err } = await place.run(['run', '--all', '--', 'true'])
    expect({ code, first: out.split('\n')[0], last: out.split('\n').at(-2) }).toEqual({
      code: 0,
      first: '120 hosts: Success',
      last: 'same',
    })
    // More than one invocation takes.
    expect(err).toMatch(/120 hosts: 120 succeeded \(t-\S+, t-\S+\)/)
    fleet.child.kill('SIGINT')
    expect((await fleet.ended).code).toBe(0)
    // The next one goes on with the same hosts.
    place.openassist(['simulate', '-n', '2', '--fail-rate', '1', '--output', 'same', '--identities', 'fleet'])
    const ids = (await live(2)).map(({ instanceId }) => instanceId)
    const failed = await place.run(['run', ...ids.flatMap((id) => ['-i', id]), '--', 'true'])
    expect(failed.code).toBe(1)
    expect(failed.out.split('\n')[0]).toBe('2 hosts: Failed, exit code 1')
    expect((await place.run(['status'])).err).toContain('120 hosts: 2 live')
  })

  it('says what it needs', async () => {
    const { code, err } = await place.run(['simulate', '-n', '1'])
    expect(code).toBe(4)
    expect(err).toContain('./data/server.json cannot be read')
    expect((await place.run(['simulate', '--delay', 'long'])).code).toBe(2)
  })
})

/** Makes sure that something listens there, whether it is this test or not. */
const occupy = async (port: number): Promise<() => Promise<void>> => {
  const server = createServer()
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => resolve((server.address() as AddressInfo).port === port))
  })
  return async () => {
    if (listening) await new Promise((resolve) => server.close(resolve))
  }
}
