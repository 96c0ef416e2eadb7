import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, type Started, Workplace } from './_cli-support.js'

// What was run, and kept commands, by the command line: a server and two agents, each a real process.

const place = new Workplace()
let first: { agent: Started; instanceId: string }
let second: { agent: Started; instanceId: string }
/** Ran on both hosts and failed on the second. */
let mixed = ''

const ok = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await place.run(args)
  if (code !== 0) throw new Error(`${args.join(' ')}: ${code}\n${err}`)
  return out
}

const json = async <T>(...args: readonly string[]): Promise<T> => JSON.parse(await ok(...args, '-o', 'json')) as T

interface Shown {
  readonly invokeId: string
  readonly status: string
  readonly commandName: string
  readonly hosts: readonly { instanceId: string; status: string; exitCode?: number; errorCode: string }[]
}

interface Listed {
  readonly total: number
  readonly invocations: readonly { invokeId: string; status: string; hosts: Readonly<Record<string, number>> }[]
}

beforeAll(async () => {
  await place.serve()
  first = await place.enrol('agent-1')
  second = await place.enrol('agent-2')
  mkdirSync(join(place.folder, 'only-here'))
  const both = ['-i', first.instanceId, '-i', second.instanceId]
  // Both agents are on one machine: the instance is the only difference that a script can see.
  const script = `echo "for {{who}}"; [ '{{ACS::InstanceId}}' = ${first.instanceId} ]`
  const ran = await place.run(['run', ...both, '--name', 'mixed', '--param', 'who=x', '-o', 'json', '--', script])
  mixed = (JSON.parse(ran.out) as { invocations: { invokeId: string }[] }).invocations[0]?.invokeId ?? ''
  await ok('run', '-i', first.instanceId, '--', 'echo alone')
})
afterAll(async () => place[Symbol.asyncDispose]())

describe('openassist invocations list', () => {
  it('is a table, the newest first, that fits into 80 columns but for the command', async () => {
    const lines = (await ok('invocations', 'list')).trimEnd().split('\n')
    expect(lines[0]).toMatch(/^INVOCATION +ASKED FOR +STATE +HOSTS +FAILED +COMMAND$/)
    expect(lines[1]).toMatch(/^t-\S+ +\d+ s ago +Success +1 +0 +echo alone$/)
    expect(lines[2]).toMatch(new RegExp(`^${mixed} +\\d+ s ago +PartialFailed +2 +1 +mixed$`))
    expect(lines[0]?.indexOf('COMMAND')).toBeLessThan(70)
  })

  it('filters by state, command, host and number, and says how many there are', async () => {
    const ids = async (...args: string[]) =>
      (await json<Listed>('invocations', 'list', ...args)).invocations.map(({ invokeId }) => invokeId)
    expect(await ids('--state', 'PartialFailed')).toEqual([mixed])
    expect(await ids('--command', 'mixed')).toEqual([mixed])
    expect(await ids('-i', second.instanceId)).toEqual([mixed])
    expect(await ids('--tag', 'none')).toEqual([])
    const { err } = await place.run(['invocations', 'list', '--limit', '1'])
    expect(err).toContain('the newest 1 of 2 invocations; --limit shows more')
    const { invocations } = await json<Listed>('invocations', 'list', '--state', 'PartialFailed')
    expect(invocations[0]?.hosts).toEqual({ total: 2, succeeded: 1, failed: 1, stopped: 0, unfinished: 0 })
  })

  it('refuses filters that the API would not count', async () => {
    const args = ['invocations', 'list', '-i', first.instanceId]
    expect((await place.run([...args, '--command', 'mixed'])).code).toBe(2)
    expect((await place.run([...args, '--state', 'PartialFailed'])).code).toBe(2)
  })
})

describe('openassist invocations show', () => {
  it('tells the script and how it stands on every host', async () => {
    const out = await ok('invocations', 'show', mixed)
    expect(out).toContain('State:      PartialFailed\n')
    expect(out).toContain('Parameters: {"who":"x"}\n')
    expect(out).toContain('Script:\n  echo "for {{who}}"; ')
    expect(out).toMatch(new RegExp(`^${second.instanceId} +Failed +1 +20\\S+Z +\\d+ s$`, 'm'))
    expect(out).toContain(`${second.instanceId}: ExitCodeNonzero: `)
    expect(out.trimEnd().split('\n').at(-1)).toBe('2 hosts: 1 succeeded, 1 failed')
    const shown = await json<Shown>('invocations', 'show', mixed)
    expect(shown.hosts.find(({ instanceId }) => instanceId === second.instanceId)).toMatchObject({
      status: 'Failed',
      exitCode: 1,
      errorCode: 'ExitCodeNonzero',
    })
  })

  it('says so when there is no such invocation, as its siblings do', async () => {
    for (const args of [['show'], ['watch'], ['rerun', '--failed'], ['stop']]) {
      const { code, err } = await place.run(['invocations', ...args, 't-none'])
      expect({ args, code }).toEqual({ args, code: 1 })
      expect(err).toMatch(/there is no invocation t-none|InvalidInvokeId\.NotFound/)
    }
    expect((await place.run(['results', 't-none'])).code).toBe(1)
  })
})

describe('openassist invocations watch', () => {
  it('shows what run showed, and ends as run ended', async () => {
    const { code, out, err } = await place.run(['invocations', 'watch', mixed])
    expect(code).toBe(1)
    expect(out).toContain(`1 host: Success\n  ${first.instanceId}\nfor x\n`)
    expect(out).toContain(`1 host: Failed, exit code 1\n  ${second.instanceId}\nfor x\n`)
    expect(err).toContain(`(${mixed})`)
  })

  it('waits until it is over', async () => {
    const gate = join(place.folder, 'gate')
    const script = `while [ ! -e ${gate} ]; do sleep 0.1; done; echo through`
    const id = (await ok('run', '-i', first.instanceId, '--detach', '--', script)).trim()
    const watching = place.openassist(['invocations', 'watch', id, '-o', 'json'])
    await eventually('it runs', async () =>
      (await json<Shown>('invocations', 'show', id)).status === 'Running' ? true : undefined,
    )
    writeFileSync(gate, '')
    const { code, out } = await watching.ended
    expect(code).toBe(0)
    expect((JSON.parse(out) as { hosts: { output: string }[] }).hosts[0]?.output).toBe('through\n')
  })

  it('shows what a single host writes as it comes, as run does, and each of it once', async () => {
    const gate = join(place.folder, 'second-gate')
    const script = `printf 'one é\\ntw'; while [ ! -e ${gate} ]; do sleep 0.1; done; echo o; exit 3`
    const running = place.openassist(['run', '-i', first.instanceId, '--', script])
    await running.said(/one é\ntw/)
    const { invocations } = await json<Listed>('invocations', 'list', '-i', first.instanceId, '--limit', '1')
    const watching = place.openassist(['invocations', 'watch', invocations[0]?.invokeId ?? ''])
    await watching.said(/one é\ntw/)
    writeFileSync(gate, '')
    for (const { ended } of [running, watching]) {
      const { code, out, err } = await ended
      expect([code, out]).toEqual([1, 'one é\ntwo\n'])
      expect(err).toContain('1 host: Failed, exit code 3\n')
    }
  })

  it('leaves at Ctrl-C and says how to come back', async () => {
    const id = (await ok('run', '-i', first.instanceId, '--detach', '--', 'sleep 300')).trim()
    const running = async () => ((await json<Shown>('invocations', 'show', id)).status === 'Running' ? true : undefined)
    await eventually('it runs', running)
    const watching = place.openassist(['invocations', 'watch', id])
    await watching.said(/0 of 1 host done/)
    watching.child.kill('SIGINT')
    const { code, err } = await watching.ended
    expect(code).toBe(130)
    expect(err).toContain(`Come back: openassist invocations watch ${id}\n`)
    expect(await running()).toBe(true)
    await ok('invocations', 'stop', id, '--instance', first.instanceId)
    expect((await place.run(['invocations', 'watch', id])).err).toContain('Terminated')
  })
})

describe('openassist invocations rerun', () => {
  it('submits the same to the hosts where it failed only, and says the new id', async () => {
    const id = (await ok('invocations', 'rerun', mixed, '--failed')).trim()
    expect(id).toMatch(/^t-\S+$/)
    expect((await place.run(['invocations', 'watch', id])).out).toBe('for x\n')
    const again = await json<Shown & { parameters: string }>('invocations', 'show', id)
    expect(again.hosts.map(({ instanceId }) => instanceId)).toEqual([second.instanceId])
    expect(again).toMatchObject({ commandName: 'mixed', parameters: '{"who":"x"}', status: 'Failed' })
  })

  it('is the script to the byte, also one that is no UTF-8', async () => {
    // A script in Latin-1: the host tells which bytes it got.
    const script = Buffer.from('printf "\u00e9" | od -An -tx1; exit 1\n', 'latin1')
    writeFileSync(join(place.folder, 'latin.sh'), script)
    const ran = await place.run(['run', '-i', first.instanceId, '--script', 'latin.sh', '-o', 'json'])
    const [begun] = (JSON.parse(ran.out) as { invocations: { invokeId: string }[] }).invocations
    const again = (await ok('invocations', 'rerun', begun?.invokeId ?? '', '--failed')).trim()
    expect((await place.run(['invocations', 'watch', again])).out.trim()).toBe('e9')
    const shown = await json<{ scriptBase64: string }>('invocations', 'show', again)
    expect(Buffer.from(shown.scriptBase64, 'base64').equals(script)).toBe(true)
  })

  it('does nothing where nothing failed, and without being told where', async () => {
    const id = (await ok('run', '-i', first.instanceId, '--detach', '--', 'true')).trim()
    await ok('invocations', 'watch', id)
    const { code, err } = await place.run(['invocations', 'rerun', id, '--failed'])
    expect(code).toBe(1)
    expect(err).toContain('it failed nowhere. 1 host: 1 succeeded.')
    expect((await place.run(['invocations', 'rerun', mixed])).code).toBe(2)
  })
})

describe('openassist results', () => {
  it('shows the same answers once, or each for itself', async () => {
    const both = ['-i', first.instanceId, '-i', second.instanceId]
    const id = (await ok('run', ...both, '--detach', '--', "printf 'same\\n\\033[2J'")).trim()
    await ok('invocations', 'watch', id)
    const hosts = [first.instanceId, second.instanceId].toSorted()
    expect(await ok('results', id, '--grouped')).toBe(`2 hosts: Success\n  ${hosts.join(', ')}\nsame\n\\x1b[2J\n`)
    expect((await ok('results', id)).match(/1 host: Success/g)).toHaveLength(2)
    const { groups } = await json<{ groups: { output: string; hosts: unknown[] }[] }>('results', id, '--grouped')
    expect(groups).toMatchObject([{ status: 'Success', output: 'same\n\u001b[2J' }])
    expect(groups[0]?.hosts).toMatchObject(hosts.map((instanceId) => ({ instanceId, invokeId: id })))
  })

  it('filters by host and state', async () => {
    const failed = await json<{ results: { instanceId: string; invokeId: string }[] }>(
      'results',
      mixed,
      '-i',
      second.instanceId,
    )
    expect(failed.results.map(({ instanceId }) => instanceId)).toEqual([second.instanceId])
    expect((await place.run(['results', mixed, '--state', 'Running'])).err).toBe('0 results\n')
  })

  it('reads all pages', async () => {
    const ids: string[] = []
    for (let at = 0; at < 6; at += 1) {
      ids.push((await ok('run', '-i', first.instanceId, '-i', second.instanceId, '--detach', '--', 'echo p')).trim())
    }
    await place.run(['invocations', 'watch', ...ids])
    const { results } = await json<{ results: { invokeId: string }[] }>('results')
    expect(ids.filter((id) => !results.some(({ invokeId }) => invokeId === id))).toEqual([])
    const { invocations, total } = await json<Listed>('invocations', 'list', '--limit', '100')
    expect(invocations).toHaveLength(total)
  })
})

describe('openassist commands', () => {
  it('creates from a file, lists, shows, changes and deletes', async () => {
    writeFileSync(join(place.folder, 'greet.sh'), 'echo "Hello {{who}}"\n')
    const id = (
      await ok('commands', 'create', 'greet.sh', '--name', 'greet', '--parameters', '--timeout', '90', '--tag', 'a=b')
    ).trim()
    expect(id).toMatch(/^c-\S+$/)
    const listed = await ok('commands', 'list', '--name', 'gre*', '--tag', 'a=b')
    expect(listed).toMatch(new RegExp(`^COMMAND +MADE +TYPE +RUNS +NAME\n${id} +\\d+ s ago +shell +0 +greet\n`))
    const shown = await ok('commands', 'show', id)
    expect(shown).toContain('Time limit: 90 s\n')
    expect(shown).toContain('Parameters: who\n')
    expect(shown).toContain('Tags:       a=b\n')
    expect(shown).toContain('Script:\n  echo "Hello {{who}}"\n')
    await ok('commands', 'modify', id, '--timeout', '120', '--description', 'what for')
    expect(await json<object>('commands', 'show', id)).toMatchObject({ timeoutSeconds: 120, description: 'what for' })
    await ok('commands', 'modify', id, '--description', '')
    expect(await json<object>('commands', 'show', 'greet')).toMatchObject({ commandId: id, description: '' })
    await ok('commands', 'delete', id)
    expect((await place.run(['commands', 'show', id])).code).toBe(1)
    expect((await place.run(['commands', 'delete', id])).err).toContain('InvalidCmdId.NotFound')
  })

  it('runs a kept command again by its id', async () => {
    writeFileSync(join(place.folder, 'fail.sh'), 'exit 4\n')
    const id = (await ok('commands', 'create', 'fail.sh', '--name', 'fails')).trim()
    const called = JSON.parse(
      await ok('InvokeCommand', '--CommandId', id, '--InstanceId.1', first.instanceId, '--Timeout', '77'),
    ) as { InvokeId: string }
    await place.run(['invocations', 'watch', called.InvokeId])
    const again = (await ok('invocations', 'rerun', called.InvokeId, '--failed')).trim()
    const shown = await json<{ commandId: string; timeoutSeconds: number }>('invocations', 'show', again)
    expect(shown).toMatchObject({ commandId: id, timeoutSeconds: 77 })
    expect((await place.run(['commands', 'create', 'missing.sh', '--name', 'x'])).code).toBe(1)
    expect((await place.run(['commands', 'modify', id])).code).toBe(2)
  })
})

describe('openassist invocations modify', () => {
  it('changes what a host runs again and again, and adds another host', async () => {
    const every = ['--schedule', '*/10 * * * * ?', '--timeout', '10']
    const begun = await place.run(['run', '-i', first.instanceId, ...every, '--', 'echo old'])
    expect(begun.err).toContain('Taken by 1 of 1 host.\n')
    const invokeId = begun.out.trim()
    const watching = place.openassist(['invocations', 'watch', invokeId])
    const outputs = async (): Promise<readonly { instanceId: string; output: string }[]> =>
      (await json<{ results: { instanceId: string; output: string }[] }>('results', invokeId, '--history')).results
    const ran = (instanceId: string, output: string): Promise<true> =>
      eventually(
        `${output} of ${instanceId}`,
        async () =>
          (await outputs()).some((one) => one.instanceId === instanceId && one.output === `${output}\n`) || undefined,
      )
    await ran(first.instanceId, 'old')
    await watching.said(/^ {2}began \S+Z, took \d+ s\nold\n/m)
    watching.child.kill('SIGINT')
    expect((await watching.ended).err).toContain(`Its runs:  openassist results ${invokeId} --history\n`)
    const { code, out, err } = await place.run(
      ['invocations', 'modify', invokeId, '--add', second.instanceId, '--param', 'who=you'].concat([
        '--enable-parameter',
        '--',
        'echo to {{who}}',
      ]),
    )
    expect([code, err]).toEqual([0, expect.stringMatching(/^t-\S+ is (?:Pending|Scheduled|Running)\. /)])
    expect(out).toMatch(/^c-\S+\n$/)
    for (const { instanceId } of [first, second]) await ran(instanceId, 'to you')
    expect(
      (await outputs()).filter(({ instanceId }) => instanceId === second.instanceId).map(({ output }) => output),
    ).not.toContain('old\n')
    await ok('invocations', 'modify', invokeId, '--schedule', 'rate(1d)')
    const shown = await json<{ frequency?: string; script: string }>('invocations', 'show', invokeId)
    expect(shown.script).toBe('echo to {{who}}')
    await ok('invocations', 'stop', invokeId)
    expect((await place.run(['invocations', 'modify', invokeId])).code).toBe(2)
  }, 120_000)
})

describe('openassist tags', () => {
  it('puts tags on what is there, which then chooses it, and takes them off', async () => {
    const made = await place.run(['commands', 'create', '-', '--name', 'tagged'], { input: 'true\n' })
    const commandId = made.out.trim()
    const ids = [first.instanceId, second.instanceId, mixed, commandId]
    await ok('tags', 'set', ...ids, '--tag', 'stage=test', '--tag', 'empty')
    const told = await json<{ tags: object[] }>('tags', 'list', commandId)
    expect(told.tags).toEqual([
      { resourceId: commandId, key: 'empty', value: '' },
      { resourceId: commandId, key: 'stage', value: 'test' },
    ])
    const lines = (await ok('tags', 'list')).trimEnd().split('\n')
    expect(lines[0]).toMatch(/^KEY +VALUE +HOSTS$/)
    expect(lines).toContainEqual(expect.stringMatching(/^stage +test +2$/))
    const ran = await ok('run', '--tag', 'stage=test', '--', 'echo chosen')
    expect(ran).toContain('chosen')
    await ok('tags', 'remove', ...ids, '--tag', 'stage')
    await ok('tags', 'remove', first.instanceId, '--all')
    expect((await place.run(['tags', 'list', first.instanceId])).err).toBe('no tags\n')
    expect((await place.run(['run', '--tag', 'stage=test', '--', 'true'])).code).not.toBe(0)
  })

  it('says what is wrong with the line', async () => {
    for (const args of [
      ['set', 'mi-1'],
      ['set', 'x-1', '--tag', 'a=b'],
      ['remove', 'mi-1'],
      ['remove', 'mi-1', '--all', '--tag', 'a'],
    ])
      expect((await place.run(['tags', ...args])).code, args.join(' ')).toBe(2)
    const { code, err } = await place.run(['tags', 'set', 'mi-none', '--tag', 'a=b'])
    expect([code, err]).toEqual([1, expect.stringContaining('InvalidResourceId.NotFound')])
  })
})
