import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, type Started, Workplace } from './_cli-support.js'

// Hosts that get their turns: a server and three agents, each a real process, by the command line.

const place = new Workplace()
let agents: { agent: Started; instanceId: string }[] = []
const ids = (): string[] => agents.map(({ instanceId }) => instanceId)
const hosts = (): string[] => ids().flatMap((id) => ['-i', id])

const ok = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await place.run(args)
  if (code !== 0) throw new Error(`${args.join(' ')}: ${code}\n${out}${err}`)
  return out
}

interface Shown {
  readonly status: string
  readonly reason: string
  readonly wave: number
  readonly waiting: number
  readonly active: number
  readonly queued: number
  readonly succeeded: number
  readonly failed: number
  readonly stopped: number
}

const shown = async (id: string): Promise<Shown> => JSON.parse(await ok('rollouts', 'show', id, '-o', 'json')) as Shown

const stands = (id: string, what: Partial<Shown>): Promise<Shown> =>
  eventually(`${id} ${JSON.stringify(what)}`, async () => {
    const rollout = await shown(id)
    return Object.entries(what).every(([name, value]) => rollout[name as keyof Shown] === value) ? rollout : undefined
  })

const statuses = async (id: string): Promise<string[]> => {
  const { hosts: found } = JSON.parse(await ok('invocations', 'show', id, '-o', 'json')) as {
    hosts: { instanceId: string; status: string }[]
  }
  return ids().map((one) => found.find(({ instanceId }) => instanceId === one)?.status ?? '')
}

/** Lines that scripts wrote, in the order in which they did. */
const log = (): string[] => {
  const file = join(place.folder, 'log')
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
}

beforeAll(async () => {
  await place.serve()
  agents = [await place.enrol('agent-1'), await place.enrol('agent-2'), await place.enrol('agent-3')]
})
afterAll(async () => place[Symbol.asyncDispose]())

describe('a run in turns', () => {
  it('is on one host at a time, in the order in which they were named', async () => {
    rmSync(join(place.folder, 'log'), { force: true })
    const script = `echo "begin {{ACS::InstanceId}}" >> ${place.folder}/log; sleep 0.2; echo "end {{ACS::InstanceId}}" >> ${place.folder}/log`
    const [a = '', b = '', c = ''] = ids()
    const order = ['-i', c, '-i', a, '-i', b]
    await ok('run', ...order, '--max-concurrent', '1', '--enable-parameter', '--', script)
    expect(log()).toEqual([c, a, b].flatMap((id) => [`begin ${id}`, `end ${id}`]))
  })

  it('stops after a failure, leaves the others out, and runs again where it failed', async () => {
    const ran = await place.run([
      'run',
      ...hosts(),
      '--max-concurrent',
      '1',
      '--stop-after',
      '1',
      '-o',
      'json',
      '--',
      'exit 4',
    ])
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('Halted: 1 host failed, and it halts at 1.')
    const id = (JSON.parse(ran.out) as { invocations: { invokeId: string }[] }).invocations[0]?.invokeId ?? ''
    expect(await statuses(id)).toEqual(['Failed', 'Cancelled', 'Cancelled'])
    expect(await shown(id)).toMatchObject({ status: 'Halted', failed: 1, stopped: 2 })
    const list = await ok('rollouts', 'list', '--status', 'Halted')
    expect(list).toMatch(new RegExp(`${id} +\\d+ s ago +Halted +1 of 1 +3 +3 +1 +0 +0 +0`))
    const again = await ok(
      'call',
      'RunCommand',
      '--Type',
      'RunShellScript',
      '--CommandContent',
      'true',
      '--RerunOf',
      id,
    )
    const { InvokeId } = JSON.parse(again) as { InvokeId: string }
    const { hosts: rerun } = JSON.parse(await ok('invocations', 'show', InvokeId, '-o', 'json')) as { hosts: unknown[] }
    // On those that the halt left out, too.
    expect(rerun).toHaveLength(3)
    const inTurns = (await ok('invocations', 'rerun', id, '--failed')).trim()
    expect(await shown(inTurns)).toMatchObject({ total: 3, maxConcurrency: 1, stopAfterFailures: 1 })
  })

  it('waits between waves for somebody, who sees how to go on, and goes on', async () => {
    const run = place.openassist(['run', ...hosts(), '--waves', '1', '--pause-between-waves', 'manual', '--', 'true'])
    const said = await run.said(/Paused: wave 1 of 2 is over\. [^\n]*\n {2}Go on: (\S+) rollouts resume (\S+)/)
    const id = said[2] ?? ''
    expect(await shown(id)).toMatchObject({ status: 'Paused', wave: 2, succeeded: 1, waiting: 2 })
    expect(await ok('rollouts', 'show', id)).toContain('wave 1 of 2 is over')
    await ok('rollouts', 'resume', id)
    expect((await run.ended).code).toBe(0)
    expect(await shown(id)).toMatchObject({ status: 'Finished', succeeded: 3 })
    const over = await place.run(['rollouts', 'pause', id])
    expect([over.code, over.err]).toEqual([1, expect.stringContaining('The rollout is over')])
  })

  it('that is paused is left with what that means and how to go on, by run and by watch', async () => {
    const waves = ['--waves', '1', '--pause-between-waves', 'manual']
    const run = place.openassist(['run', ...hosts(), ...waves, '--', 'true'])
    await run.said(/Paused: wave 1 of 2 is over/)
    run.child.kill('SIGINT')
    const { code, err } = await run.ended
    expect(code).toBe(130)
    const left =
      /Left; it is paused until somebody resumes it[^]*Go on: {5}openassist rollouts resume (\S+)\n {2}End it: {4}openassist rollouts cancel \1\n/
    const id = left.exec(err)?.[1] ?? ''
    expect(err).not.toContain('it goes on')
    const watch = place.openassist(['invocations', 'watch', id])
    await watch.said(/Paused: wave 1 of 2 is over/)
    watch.child.kill('SIGINT')
    expect((await watch.ended).err).toMatch(left)
    expect((await place.run(['rollouts', 'cancel', id])).err).toContain('3 hosts: 1 succeeded, 2 stopped\n')
  })

  it('that is held while its wave ends says that it is to be resumed once more', async () => {
    const gate = join(place.folder, 'gate')
    const script = `while [ ! -e ${gate} ]; do sleep 0.05; done`
    const line = ['run', ...hosts(), '--waves', '1', '--pause-between-waves', 'manual', '--detach', '--', script]
    const id = (await ok(...line)).trim()
    await ok('rollouts', 'pause', id)
    writeFileSync(gate, '')
    await stands(id, { status: 'Paused', active: 0, succeeded: 1 })
    const resumed = await place.run(['rollouts', 'resume', id])
    expect(resumed.code).toBe(0)
    expect(resumed.err).toContain(`${id} is Paused: wave 1 of 2 is over. 3 hosts: 1 succeeded, 2 waiting\n  Go on: `)
    expect(resumed.err).toContain('resume it once more to begin the next one.')
    expect((await place.run(['rollouts', 'resume', id])).err).toMatch(/is (InProgress|Finished)\. 3 hosts: /)
    await stands(id, { status: 'Finished', succeeded: 3 })
  })

  it('that is stopped as a whole is cancelled, and says so', async () => {
    const line = ['run', ...hosts(), '--max-concurrent', '1', '--detach', '--', 'sleep 300']
    const id = (await ok(...line)).trim()
    await ok('invocations', 'stop', id)
    await stands(id, { status: 'Cancelled', reason: 'stopped by StopInvocation', stopped: 3, active: 0 })
  })

  it('is paused and cancelled by somebody', async () => {
    const id = (
      await ok(
        'run',
        ...hosts(),
        '--max-concurrent',
        '1',
        '--detach',
        '--',
        `while [ ! -e ${place.folder}/go ]; do sleep 0.05; done`,
      )
    ).trim()
    const paused = await place.run(['rollouts', 'pause', id])
    expect(paused.err).toMatch(/is Paused: paused by PauseRollout\. 3 hosts: 1 at work, 2 waiting\n {2}Go on: /)
    await ok('rollouts', 'cancel', id)
    await stands(id, { stopped: 2, active: 1 })
    expect((await place.run(['invocations', 'stop', id])).code).toBe(0)
    await stands(id, { status: 'Cancelled', stopped: 3, active: 0 })
  })
})

describe('a file that was sent', () => {
  it('is sent again where it did not arrive, by the command line and by a call', async () => {
    const lines = ['send', '-', '--name', 'again.txt', '--to', place.folder, ...hosts(), '--max-concurrent', '1']
    const first = await place.run([...lines, '-o', 'json'], { input: 'once more' })
    expect(first.code).toBe(1)
    const { sends, hosts: outcomes } = JSON.parse(first.out) as {
      sends: { invokeId: string }[]
      hosts: { status: string }[]
    }
    // The three agents share this machine: the file is in the way of the second and the third.
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['Invalid', 'Invalid', 'Success'])
    const id = sends[0]?.invokeId ?? ''
    rmSync(join(place.folder, 'again.txt'))
    const again = (await ok('invocations', 'rerun', id, '--failed', '--max-concurrent', '1')).trim()
    await stands(again, { status: 'Finished', succeeded: 1, failed: 1 })
    expect(readFileSync(join(place.folder, 'again.txt'), 'utf8')).toBe('once more')
    rmSync(join(place.folder, 'again.txt'))
    const file = ['--Name', 'again.txt', '--TargetDir', place.folder, '--Content', 'third']
    const answer = await ok('call', 'SendFile', ...file, '--RerunOf', again, '--MaxConcurrency', '1')
    const { InvokeId } = JSON.parse(answer) as { InvokeId: string }
    await stands(InvokeId, { status: 'Finished', succeeded: 1, failed: 0 })
    const nothing = await place.run(['invocations', 'rerun', InvokeId, '--failed'])
    expect([nothing.code, nothing.err]).toEqual([1, expect.stringContaining('it failed nowhere')])
  })
})

describe('a file in turns', () => {
  it('is written on one host after the other', async () => {
    const sent = await place.run(
      [
        'send',
        '-',
        '--name',
        'turns.txt',
        '--to',
        place.folder,
        '--overwrite',
        ...hosts(),
        '--max-concurrent',
        '1',
        '-o',
        'json',
      ],
      {
        input: 'in turns',
      },
    )
    expect(sent.code, sent.err).toBe(0)
    const id = (JSON.parse(sent.out) as { sends: { invokeId: string }[] }).sends[0]?.invokeId ?? ''
    expect(await shown(id)).toMatchObject({ status: 'Finished', succeeded: 3 })
    expect(readFileSync(join(place.folder, 'turns.txt'), 'utf8')).toBe('in turns')
  })

  it('that waits for somebody is left with the lines that go on with it and show it', async () => {
    const to = ['--to', place.folder, '--overwrite', '--waves', '1', '--pause-between-waves', 'manual']
    const sending = place.openassist(['send', '-', '--name', 'paused.txt', ...hosts(), ...to], { input: 'in waves' })
    await sending.said(/Paused: wave 1 of 2 is over/)
    sending.child.kill('SIGINT')
    const { code, err } = await sending.ended
    expect(code).toBe(130)
    const id = /Go on: {5}openassist rollouts resume (f-\S+)\n {2}End it: {4}openassist rollouts cancel \1\n/.exec(
      err,
    )?.[1]
    expect(err).toContain(`Results:   openassist files show ${id}\n`)
    expect(await ok('files', 'show', id ?? '')).toContain('3 hosts: 1 succeeded, 2 not finished')
    expect(await ok('files', 'list', '--name', 'paused.txt')).toMatch(new RegExp(`^${id} .* 3 +0 +/`, 'm'))
    await ok('rollouts', 'resume', id ?? '')
    expect(await ok('invocations', 'watch', id ?? '')).toMatch(/^3 hosts: Success\n/)
    expect(await ok('results', id ?? '')).toContain('3 hosts: 3 succeeded')
  })
})
