import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, Workplace } from './_cli-support.js'

// A server that takes few hosts in one call, and more hosts than that.

const place = new Workplace()
const HOSTS = 8

const limits = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`OPENASSIST_INSTANCES_PER_${name}`, '3']))

const simulate = async (at: Workplace, ...options: readonly string[]): Promise<void> => {
  at.openassist(['simulate', '-n', String(HOSTS), '--output', 'same', ...options])
  await eventually(`${HOSTS} live hosts`, async () => {
    const { out } = await at.run(['status', '--state', 'live', '-o', 'json'])
    return (JSON.parse(out) as { hosts: unknown[] }).hosts.length === HOSTS ? true : undefined
  })
}

beforeAll(async () => {
  await place.serveWith(limits('INVOCATION', 'FILE_SEND', 'STATUS_QUERY', 'ROLLOUT'))
  await simulate(place)
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

describe('what had turns on more hosts than a call takes without', () => {
  it('runs again on all of them at once where it failed', async () => {
    await using failing = new Workplace()
    await failing.serveWith(limits('INVOCATION'))
    await simulate(failing, '--fail-rate', '1')
    const begun = await failing.run(['run', '--all', '--max-concurrent', String(HOSTS), '-o', 'json', '--', 'false'])
    const { invocations } = JSON.parse(begun.out) as { invocations: { invokeId: string }[] }
    const again = await failing.run(['invocations', 'rerun', invocations[0]?.invokeId ?? '', '--failed', '--at-once'])
    expect(again.code, again.err).toBe(0)
    const ids = again.out.trim().split('\n')
    expect(ids.length).toBeGreaterThan(1)
    expect(again.err).toContain(`Submitted to ${HOSTS} hosts, in ${ids.length} parts.\n`)
    expect(again.err).not.toContain('no longer there')
    const watched = await failing.run(['invocations', 'watch', ...ids])
    expect(watched.out.split('\n')[0]).toBe(`${HOSTS} hosts: Failed, exit code 1`)
  })
})
