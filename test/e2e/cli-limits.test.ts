import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, Workplace } from './_cli-support.js'

// A server that takes few hosts in one call, and more hosts than that.

const place = new Workplace()
const HOSTS = 8

beforeAll(async () => {
  const few = ['INVOCATION', 'FILE_SEND', 'STATUS_QUERY', 'ROLLOUT']
  await place.serveWith(Object.fromEntries(few.map((name) => [`OPENASSIST_INSTANCES_PER_${name}`, '3'])))
  place.openassist(['simulate', '-n', String(HOSTS), '--output', 'same'])
  await eventually(`${HOSTS} live hosts`, async () => {
    const { hosts } = JSON.parse((await place.run(['status', '--state', 'live', '-o', 'json'])).out) as {
      hosts: unknown[]
    }
    return hosts.length === HOSTS ? true : undefined
  })
})
afterAll(async () => place[Symbol.asyncDispose]())

describe('with a server that takes fewer hosts in one call', () => {
  it.each([
    ['run', ['run', '--all', '--', 'true']],
    ['run on those that are live', ['run', '--all', '--live-only', '--', 'true']],
    ['send', ['send', '-', '--name', 'a', '--all', '--to', '/tmp']],
  ])('%s reaches all hosts', async (_, line) => {
    const { code, out, err } = await place.run(line, { input: 'a' })
    expect({ code, first: out.split('\n')[0] }, err).toEqual({ code: 0, first: `${HOSTS} hosts: Success` })
  })

  it('turns are refused with what can be done', async () => {
    const { code, err } = await place.run(['run', '--all', '--max-concurrent', '1', '--', 'true'])
    expect(code).toBe(1)
    expect(err).toContain('InstanceIds.ExceedLimit')
    expect(err).toContain('choose fewer of them at a time, or leave the turns out')
  })
})
