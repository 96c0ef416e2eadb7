import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, type Started, Workplace } from './_cli-support.js'

// The command line against a server and two agents, each a real process.

const place = new Workplace()
let server: Started
let first: { agent: Started; instanceId: string }
let second: { agent: Started; instanceId: string }

beforeAll(async () => {
  server = await place.serve()
  first = await place.enrol('agent-1')
  second = await place.enrol('agent-2')
})
afterAll(async () => place[Symbol.asyncDispose]())

interface StatusAnswer {
  readonly hosts: readonly { readonly instanceId: string; readonly state: string; readonly activeTaskCount: number }[]
  readonly counts: Readonly<Record<string, number>>
}

const status = async (...args: string[]): Promise<StatusAnswer> => {
  const { code, out, err } = await place.run(['status', '-o', 'json', ...args])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as StatusAnswer
}

describe('openassist serve', () => {
  it('says where it is, and writes the key to a file but not to a log', () => {
    const key = JSON.parse(readFileSync(join(place.folder, 'data', 'first-access-key'), 'utf8')) as {
      accessKeySecret: string
    }
    expect(server.out()).toMatch(/Tools on this machine +http:\/\/127\.0\.0\.1:\d+\n/)
    expect(server.out()).toMatch(/Agents, and others by TLS +https:\/\/localhost:\d+\n/)
    expect(server.out() + server.err()).not.toContain(key.accessKeySecret)
  })

  it('refuses a wrong configuration with every problem, before anything is started', async () => {
    const { code, out, err } = await place.run(['serve', '--listen', 'nowhere', '--max-agents', '0'])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('--listen "nowhere" must be HOST:PORT')
    expect(err).toContain('--max-agents "0" must be a whole number')
  })

  it('says that another program listens where it should', async () => {
    const { port } = new URL(readServer().endpoint)
    const { code, err } = await place.run(['serve', '--data', 'other', '--listen', `127.0.0.1:${port}`])
    expect(code).toBe(1)
    expect(err).toContain('another program does')
    expect(err).not.toMatch(/\n +at /)
  })
})

const readServer = () =>
  JSON.parse(readFileSync(join(place.folder, 'data', 'server.json'), 'utf8')) as {
    endpoint: string
    tlsEndpoint: string
    caFile: string
  }

describe('the lines of openassist enroll', () => {
  it('connect a host with our agent when they are pasted', async () => {
    const { hosts, counts } = await status()
    expect(hosts.map(({ instanceId }) => instanceId)).toContain(first.instanceId)
    expect(hosts.map(({ instanceId }) => instanceId)).toContain(second.instanceId)
    expect(counts).toEqual({ live: 2, unreachable: 0, silent: 0 })
  })

  it('hold the CA and never a key, also as JSON', async () => {
    const { code, out } = await place.run(['enroll', '--name', 'web', '--count', '5', '-o', 'json'])
    const answer = JSON.parse(out) as { caCertificate: string; activationCode: string; lines: { vendor: string[] } }
    expect(code).toBe(0)
    expect(answer.caCertificate).toBe(readFileSync(readServer().caFile, 'utf8').trim())
    const vendor = answer.lines.vendor.join('\n')
    expect(vendor).toContain(`--ActivationCode ${answer.activationCode}`)
    // With a name from the activation, the host does not give one of its own.
    expect(vendor).not.toContain('--InstanceName')
    expect(out).not.toContain('PRIVATE KEY')
  })

  it('work once for one host, unless more were asked for', async () => {
    const { out } = await place.run(['enroll', '--agent', 'openassist'])
    const lines = out.split('\n').filter((line) => line !== 'openassist agent run')
    const paste = (state: string) =>
      place.start('bash', ['-s'], {
        env: { OPENASSIST_AGENT_STATE: join(place.folder, state) },
        input: lines.join('\n'),
      }).ended
    expect((await paste('once')).out).toMatch(/^mi-/)
    expect((await paste('twice')).err).toContain('refused the registration')
  })
})

describe('openassist status', () => {
  it('is a table for people, with the counts apart from it', async () => {
    const { code, out, err } = await place.run(['status', '-i', first.instanceId])
    expect(code).toBe(0)
    expect(out.split('\n')[0]).toMatch(/^INSTANCE +NAME +STATE +OS +VERSION +LAST HEARTBEAT +COMMANDS +RUNNING$/)
    expect(out.split('\n')[1]).toMatch(new RegExp(`^${first.instanceId} +\\S+ +live +Linux +\\S+ +\\d+ (s|min) ago`))
    expect(err).toContain('1 host: 1 live')
  })

  it('filters by system and state', async () => {
    expect((await status('--os', 'Windows')).hosts).toEqual([])
    expect((await status('--state', 'silent', '-i', first.instanceId)).hosts).toEqual([])
    expect((await status('--state', 'live', '--os', 'Linux', '-i', first.instanceId)).hosts).toHaveLength(1)
  })

  it('does not draw where nothing can be drawn on', async () => {
    expect((await place.run(['status', '--watch'])).code).toBe(2)
  })
})

describe('openassist send', () => {
  it('writes a file on a host, with its mode, and says where it arrived', async () => {
    writeFileSync(join(place.folder, 'motd'), 'hello\n')
    const to = join(place.folder, 'made', 'for it')
    const { code, out, err } = await place.run(['send', 'motd', '-i', first.instanceId, '--to', to, '--mode', '0600'])
    expect({ code, out }).toEqual({ code: 0, out: `1 host: Success\n  ${first.instanceId}\n` })
    expect(err).toMatch(/1 host: 1 succeeded \(f-/)
    expect(readFileSync(join(to, 'motd'), 'utf8')).toBe('hello\n')
    expect(statSync(join(to, 'motd')).mode & 0o777).toBe(0o600)
  })

  // Both agents are on this machine, so that the second one finds what the first one wrote.
  it('tells by its exit status and its groups what was refused', async () => {
    const both = ['-i', first.instanceId, '-i', second.instanceId]
    const line = ['send', '-', '--name', 'same', ...both, '--to', place.folder, '-o', 'json']
    const { code, out } = await place.run(line, { input: 'from stdin' })
    expect(code).toBe(1)
    const { hosts, sends } = JSON.parse(out) as { hosts: { status: string; errorCode: string }[]; sends: object[] }
    expect(hosts.map(({ status, errorCode }) => `${status} ${errorCode}`).toSorted()).toEqual([
      'Invalid FileAlreadyExists',
      'Success ',
    ])
    expect(sends).toHaveLength(1)
    const again = await place.run([...line, '--overwrite', '--detach'], { input: 'another' })
    expect({ code: again.code, hosts: (JSON.parse(again.out) as { hosts?: unknown }).hosts }).toEqual({
      code: 0,
      hosts: undefined,
    })
    await eventually('the second content', () =>
      readFileSync(join(place.folder, 'same'), 'utf8') === 'another' ? true : undefined,
    )
  })

  it('shows the hosts that are asked for, and cannot be stopped', async () => {
    const both = ['-i', first.instanceId, '-i', second.instanceId]
    const line = ['send', '-', '--name', 'asked-for', ...both, '--to', place.folder, '-o', 'json']
    const { sends } = JSON.parse((await place.run(line, { input: 'x' })).out) as { sends: { invokeId: string }[] }
    const id = sends[0]?.invokeId ?? ''
    const hostsOf = async (...options: string[]) => {
      const { hosts } = JSON.parse((await place.run(['results', id, '-o', 'json', ...options])).out) as {
        hosts: { instanceId: string; status: string }[]
      }
      return hosts
    }
    expect((await hostsOf('--state', 'Success')).map(({ status }) => status)).toEqual(['Success'])
    expect((await hostsOf('-i', second.instanceId)).map(({ instanceId }) => instanceId)).toEqual([second.instanceId])
    expect(await hostsOf('--limit', '1')).toHaveLength(1)
    expect(await hostsOf()).toHaveLength(2)
    expect((await place.run(['results', id, '--state', 'Success'])).err).toBe('1 of 2 hosts shown\n')
    for (const option of [['--history'], ['--grouped'], ['--tag', 'a'], ['--command', 'c-1'], ['--state', 'Stopped']]) {
      const refused = await place.run(['results', id, ...option])
      expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('does not go with a sent file')])
    }
    const stopped = await place.run(['invocations', 'stop', id])
    expect([stopped.code, stopped.err]).toEqual([1, expect.stringContaining('what was sent cannot be called back')])
    expect(stopped.err).toContain(`openassist rollouts cancel ${id}`)
  })

  it('is refused before anything is sent when the line or the file is wrong', async () => {
    writeFileSync(join(place.folder, 'large'), Buffer.alloc(24_577))
    writeFileSync(join(place.folder, 'empty'), '')
    const to = ['-i', first.instanceId, '--to', place.folder]
    const outcomes = [
      await place.run(['send', 'motd', '-i', first.instanceId]),
      await place.run(['send', 'motd', '--to', '/srv']),
      await place.run(['send', '-', ...to], { input: 'x' }),
      await place.run(['send', 'large', ...to]),
      await place.run(['send', 'empty', ...to]),
      await place.run(['send', 'none', ...to]),
      await place.run(['send', 'motd', '-i', first.instanceId, '--to', 'relative']),
    ]
    expect(outcomes.map(({ code }) => code)).toEqual([2, 2, 2, 1, 1, 1, 1])
    expect(outcomes.map(({ err }) => err).join('')).toMatch(
      /give --to\.[^]*no host is chosen[^]*give --name\.[^]*at most 24,576 bytes[^]*empty[^]*cannot be read[^]*FileTargetDir\.Invalid/,
    )
  })
})

describe('openassist run', () => {
  const both = () => ['-i', first.instanceId, '-i', second.instanceId]

  it('shows the same answer of several hosts once', async () => {
    const { code, out, err } = await place.run(['run', ...both(), '--', 'echo same'])
    expect(code).toBe(0)
    expect(out).toBe(`2 hosts: Success\n  ${first.instanceId}, ${second.instanceId}\nsame\n`)
    expect(err).toMatch(/2 hosts: 2 succeeded \(t-/)
  })

  it('gives the output of one host alone, so that it can be piped on', async () => {
    const { out } = await place.run(['run', '-i', first.instanceId, '--', 'printf', '%s|', 'a b', '$HOME', "it's"])
    expect(out).toBe("a b|$HOME|it's|\n")
  })

  it('tells by its exit status and its groups what failed', async () => {
    const mark = `test "$OPENASSIST_TEST" = none; [ "$(basename "$PWD")" = x ]`
    const { code, out } = await place.run(['run', ...both(), '--', `echo out; echo err >&2; ${mark}; exit 3`])
    expect(code).toBe(1)
    expect(out).toBe(`2 hosts: Failed, exit code 3\n  ${first.instanceId}, ${second.instanceId}\nout\nerr\n`)
  })

  it('has a status of its own for hosts that did not finish in time', async () => {
    const { code, err } = await place.run(['run', '-i', first.instanceId, '--timeout', '10', '--', 'sleep 60'])
    expect(err).toContain('Timeout')
    expect(code).toBe(3)
  })

  it('shows control characters instead of obeying them', async () => {
    const { out } = await place.run(['run', '-i', first.instanceId, '--', `printf '\\033[2J\\302\\233\\342\\200\\256'`])
    expect(out).toBe('\\x1b[2J\\x9b\\u202e\n')
  })

  it('runs a script from stdin, with parameters', async () => {
    const args = ['run', '-i', first.instanceId, '--script', '-', '--param', 'who=a "b"', '--workdir', place.folder]
    const { code, out } = await place.run(args, { input: "echo 'Hello {{who}}'\npwd\n" })
    expect({ code, out }).toEqual({ code: 0, out: `Hello a "b"\n${place.folder}\n` })
  })

  it('says which of what was given is wrong', async () => {
    const errOf = async (...args: string[]) => (await place.run(['run', '-i', first.instanceId, ...args])).err
    expect(await errOf('-i', 'mi-nosuch', '--', 'true')).toContain('\n  There is no instance mi-nosuch.\n')
    expect(await errOf('--param', 'y=1', '--', 'echo {{x}}')).toContain(
      '\n  The script has no parameter “y”, it has: x.\n',
    )
    const line = ['--command', 'OpenAssist-DiskUsage-Linux', '--param', 'failAbove=abc']
    expect(await errOf(...line)).toContain('\n  The parameter failAbove can be what matches [1-9][0-9]?|100. ')
    const sent = ['send', join(place.folder, 'motd'), '-i', first.instanceId, '--to', '/tmp', '--group', 'g'.repeat(65)]
    expect((await place.run(sent)).err).toContain('64 at most')
  })

  it('tells what a script was kept as', async () => {
    const line = ['run', '-i', first.instanceId, '--keep', '--name', 'kept', '--', 'echo kept']
    const text = await place.run(line)
    expect(text).toMatchObject({ code: 0, out: 'kept\n', err: expect.stringMatching(/^Kept as c-\S+\.$/m) })
    const commandId = /Kept as (\S+)\./.exec(text.err)?.[1] ?? ''
    expect((await place.run(['run', '-i', first.instanceId, '--command', commandId])).out).toBe('kept\n')
    for (const detach of [[], ['--detach']]) {
      const json = await place.run([...line.slice(0, -2), '-o', 'json', ...detach, '--', 'echo kept'])
      expect(JSON.parse(json.out)).toMatchObject({ invocations: [{ commandId: expect.stringMatching(/^c-/) }] })
    }
    const plain = await place.run(['run', '-i', first.instanceId, '-o', 'json', '--', 'true'])
    expect(plain.out).not.toContain('commandId')
    expect(plain.err).not.toContain('Kept')
  })

  it('answers programs with every host by itself', async () => {
    const { code, out } = await place.run(['run', ...both(), '-o', 'json', '--', 'exit 7'])
    const answer = JSON.parse(out) as { hosts: { instanceId: string; status: string; exitCode: number }[] }
    expect(code).toBe(1)
    expect(answer.hosts).toMatchObject([
      { instanceId: first.instanceId, status: 'Failed', exitCode: 7 },
      { instanceId: second.instanceId, status: 'Failed', exitCode: 7 },
    ])
  })

  it('leaves at Ctrl-C and says how to come back or to stop it, while the command goes on', async () => {
    const running = place.openassist(['run', '-i', second.instanceId, '--', 'echo begun; sleep 300'])
    await eventually('it runs', async () => {
      const [host] = (await status('-i', second.instanceId)).hosts
      return host?.activeTaskCount === 1 ? true : undefined
    })
    running.child.kill('SIGINT')
    const { code, out, err } = await running.ended
    expect({ code, out }).toEqual({ code: 130, out: '' })
    expect(err).toContain('Left; it goes on.')
    const [, id = ''] =
      /Come back: openassist invocations watch (t-\S+)\n {2}Stop it: {3}openassist invocations stop \1\n/.exec(err) ??
      []
    const watching = place.openassist(['invocations', 'watch', id])
    const stopped = await place.run(['invocations', 'stop', id])
    expect(stopped).toMatchObject({ code: 0, out: '' })
    expect(stopped.err).toMatch(new RegExp(`^${id} is (Stopping|Stopped)\\. 1 host: 1 (not finished|stopped)\\.\n`))
    const watched = await watching.ended
    expect(watched.code).toBe(1)
    expect(watched.out).toBe('begun\n')
    expect(watched.err).toContain('1 host: Terminated')
  })

  it('does not wait when it is told so', async () => {
    const { code, out } = await place.run(['run', '-i', first.instanceId, '--detach', '--', 'true'])
    expect(code).toBe(0)
    expect(out).toMatch(/^t-\S+\n$/)
  })

  it('submits what runs later, tells its runs, and ends it', async () => {
    const submitted = await place.run([
      'run',
      '-i',
      first.instanceId,
      '--schedule',
      '*/10 * * * * ?',
      '--timeout',
      '10',
      '--',
      'echo again',
    ])
    expect(submitted).toMatchObject({ code: 0, out: expect.stringMatching(/^t-\S+\n$/) })
    const id = submitted.out.trim()
    const history = await eventually('two runs', async () => {
      const { out } = await place.run(['results', id, '--history', '-o', 'json'])
      const { results } = JSON.parse(out) as { results: { status: string; output: string }[] }
      return results.filter(({ status }) => status === 'Success').length >= 2 ? results : undefined
    })
    expect(history[0]).toMatchObject({ status: 'Success', output: 'again\n' })
    expect((await place.run(['invocations', 'show', id])).out).toContain('Scheduled')
    expect((await place.run(['invocations', 'stop', id])).code).toBe(0)
  }, 60_000)

  it('lets hosts check what is not to be run', async () => {
    const good = await place.run(['run', '-i', first.instanceId, '--dry-run', '--', 'echo never'])
    expect(good).toMatchObject({ code: 0, out: '' })
    const bad = await place.run([
      'run',
      '-i',
      first.instanceId,
      '--dry-run',
      '--workdir',
      '/no/such',
      '--',
      'echo never',
    ])
    expect(bad.code).toBe(1)
    expect(bad.err).toContain('DirectoryNotExists')
  })

  it('takes all hosts that have a live agent, and leaves the others out', async () => {
    const { code, out, err } = await place.run(['run', '--all', '--live-only', '--', 'echo everywhere'])
    expect({ code, first: out.split('\n')[0] }).toEqual({ code: 0, first: '2 hosts: Success' })
    expect(err).toContain('1 host left out: no live agent, or it cannot be reached.')
  })

  it('refuses a line that says nothing or too much, before anything runs', async () => {
    const codeOf = async (...args: string[]) => (await place.run(['run', ...args])).code
    expect(await codeOf('--', 'id')).toBe(2)
    expect(await codeOf('--all', '-i', 'mi-1', '--', 'id')).toBe(2)
    expect(await codeOf('--all')).toBe(2)
    expect(await codeOf('--all', '--dry-run', '--schedule', 'rate(5m)', '--', 'id')).toBe(2)
    expect(await codeOf('--all', '--script', 'missing.sh')).toBe(1)
    expect(await codeOf('-i', 'mi-not-there', '--', 'id')).toBe(1)
  })
})

describe('openassist call', () => {
  it('answers in JSON and in XML, lists written in both ways', async () => {
    const action = 'DescribeCloudAssistantStatus'
    const json = await place.run(['call', action, '--InstanceId', first.instanceId, '--InstanceId', second.instanceId])
    expect((JSON.parse(json.out) as { TotalCount: number }).TotalCount).toBe(2)
    const xml = await place.run([action, '--format', 'xml', '--InstanceId.1', first.instanceId])
    expect(xml.code).toBe(0)
    expect(xml.out).toContain('<DescribeCloudAssistantStatusResponse>')
    expect(xml.out).toContain(`<InstanceId>${first.instanceId}</InstanceId>`)
  })

  it('calls every operation that there is', async () => {
    const { out } = await place.run(['call'])
    expect(out).toContain('DescribeManagedInstances')
    const { code } = await place.run(['call', 'DescribeRegions'])
    expect(code).toBe(0)
  })

  it('tells an error of the server with its code and request id, in both formats', async () => {
    for (const format of ['json', 'xml']) {
      const args = ['call', 'DescribeCloudAssistantStatus', '--InstanceId', 'i-none', '--format', format]
      const { code, out, err } = await place.run(args)
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toMatch(
        /^openassist: InvalidInstance\.NotFound: .+ \(RequestId [0-9A-F-]{36}\)\n {2}There is no instance i-none\.\n$/,
      )
    }
  })

  it('knows names that are nearly right without asking the server', async () => {
    const wrongParameter = await place.run(['call', 'RunCommand', '--InstnaceId', 'x'])
    expect(wrongParameter).toMatchObject({ code: 2, out: '' })
    expect(wrongParameter.err).toContain('Did you mean --InstanceId?')
    expect((await place.run(['call', 'RunComand'])).err).toContain('Did you mean RunCommand?')
  })

  it('reaches the server by TLS with the CA of its folder', async () => {
    const { tlsEndpoint } = readServer()
    const { code, out } = await place.run(['call', 'DescribeRegions', '--endpoint', tlsEndpoint])
    expect(code).toBe(0)
    expect(out).toContain('cn-hangzhou')
  })

  it('says what is wrong with the key, the CA and the address', async () => {
    const { endpoint, tlsEndpoint } = readServer()
    const env = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'nobody', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'nothing' }
    const wrongKey = await place.run(['DescribeRegions', '--endpoint', endpoint], { env })
    expect(wrongKey.code).toBe(1)
    expect(wrongKey.err).toContain('The AccessKey nobody comes from ALIBABA_CLOUD_ACCESS_KEY_ID')
    const noCa = await place.run(['DescribeRegions', '--data', 'elsewhere', '--endpoint', tlsEndpoint], { env })
    expect(noCa.code).toBe(4)
    expect(noCa.err).toContain('is not signed by anybody that is trusted here')
    const nobody = await place.run(['DescribeRegions', '--endpoint', 'http://127.0.0.1:1'], { env })
    expect(nobody.code).toBe(4)
    expect(nobody.err).toContain('nothing listens at http://127.0.0.1:1 (from --endpoint)')
  })
})
