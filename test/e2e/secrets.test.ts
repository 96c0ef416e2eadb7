import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import RPCClient from '@alicloud/pop-core'
import { describe, expect, it } from 'vitest'
import { eventually, type Started, Workplace } from './_cli-support.js'

// Secrets from the command line to a host and back, by real processes; then everything that they left is searched.

const SECRET = 'Tr0ub4dor&3-s3cret'
const OTHER = 'c0rrect-h0rse-battery'

type Members = Readonly<Record<string, string>>

/** Files below a folder that hold one of the texts, in any of the spellings that something may have of it. */
const holding = (folder: string, ...texts: readonly string[]): readonly string[] => {
  const spellings = texts.flatMap((text) => [
    text,
    Buffer.from(text).toString('base64').replace(/=+$/, ''),
    Buffer.from(text).toString('hex'),
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
  ])
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => existsSync(join(folder, name)) && statSync(join(folder, name)).isFile())
    .filter((name) => {
      const content = readFileSync(join(folder, name), 'latin1')
      return spellings.some((spelling) => content.includes(spelling))
    })
}

const saidBy = (...started: readonly Started[]): string => started.map(({ out, err }) => out() + err()).join('\n')

describe('a secret', () => {
  it('is set, used, shown nowhere and stored nowhere', async () => {
    await using place = new Workplace()
    // Everything that the server can print.
    const server = await place.serve('--log-level', 'trace')
    const { agent, instanceId } = await place.enrol('agent')
    const told: string[] = []
    const run = async (...args: Parameters<Workplace['run']>): Promise<{ code: number; out: string; err: string }> => {
      const ended = await place.run(...args)
      told.push(ended.out, ended.err)
      return ended
    }

    expect(await run(['secret', 'set', 'db', '--description', 'of the db'], { input: `${SECRET}\n` })).toMatchObject({
      code: 0,
      err: 'db is set, version 1.\n',
    })
    // Used, and hidden where it is written.
    const script = 'test "$(printf %s "{{oos-secret:db}}" | wc -c)" = 18 && echo "it is {{oos-secret:db}}"; echo $0'
    const first = await run(['run', '-i', instanceId, '--', script])
    expect(first.code).toBe(0)
    expect(first.out).toContain('it is ***')
    expect(first.out).toContain('/dev/shm/')
    // By a value, of a kept command.
    writeFileSync(join(place.folder, 'kept.sh'), 'echo "[{{which}}]" | tr a-z A-Z | md5sum; false')
    const kept = await run(['commands', 'create', 'kept.sh', '--name', 'kept', '--parameters'])
    const commandId = kept.out.trim()
    const values = '{"which":"{{oos-secret:db}}"}'
    const invoke = ['call', 'InvokeCommand', '--CommandId', commandId, '--InstanceId.1', instanceId]
    const invoked = await run([...invoke, '--Parameters', values])
    const invokeId = (JSON.parse(invoked.out) as { InvokeId: string }).InvokeId
    expect((await run(['invocations', 'watch', invokeId])).code).toBe(1)
    // Another value is the one of what comes after.
    const file = join(place.folder, 'value')
    writeFileSync(file, OTHER)
    expect((await run(['secret', 'set', 'db', '--file', file])).err).toBe('db is set, version 2.\n')
    const again = await run(['run', '-i', instanceId, '--', `echo {{oos:db}} | sed 's/./&-/g'`])
    expect(again.out).toContain('c-0-r-r-e-c-t')

    const list = await run(['secret', 'list'])
    expect(list.out).toMatch(/^SECRET +VERSION[^\n]*\ndb +2 .*of the db/)
    expect(JSON.parse((await run(['secret', 'list', '-o', 'json'])).out)).toMatchObject({
      secrets: [{ name: 'db', version: 2, description: 'of the db' }],
    })
    for (const operation of ['GetSecretParameter', 'ListSecretParameters'])
      expect((await run(['call', operation, '--Name', 'db'])).out).toContain('"ParameterVersion": 2')
    await run(['call', 'DescribeInvocations', '--InvokeId', invokeId, '--IncludeOutput', 'true'])
    await run(['call', 'DescribeInvocationResults', '--InstanceId', instanceId])
    await run(['invocations', 'show', invokeId])
    // As the vendor's clients send them: in the URL.
    const { endpoint } = JSON.parse(readFileSync(join(place.folder, 'data', 'server.json'), 'utf8')) as Members
    const key = JSON.parse(readFileSync(join(place.folder, 'data', 'first-access-key'), 'utf8')) as Members
    const update = (secret: Members): Promise<unknown> =>
      new RPCClient({
        accessKeyId: key['accessKeyId'] ?? '',
        endpoint: endpoint ?? '',
        apiVersion: '2019-06-01',
        accessKeySecret: key['accessKeySecret'] ?? '',
        ...secret,
      }).request('UpdateSecretParameter', { RegionId: 'cn-hangzhou', Name: 'db', Value: SECRET })
    told.push(JSON.stringify(await update({})))
    // One whose signature is wrong is not told what it should have signed.
    const refused = await update({ accessKeySecret: 'wrong' }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'SignatureDoesNotMatch' })
    told.push(JSON.stringify((refused as { readonly data: unknown }).data))

    expect((await run(['secret', 'rm', 'db'])).code).toBe(0)
    expect(await run(['secret', 'rm', 'db'])).toMatchObject({ code: 1 })
    const gone = await run(['run', '-i', instanceId, '--', 'echo {{oos:db}}'])
    expect(gone.err).toContain('ParameterStore.InvalidParameters')
    expect(await run(['secret', 'list'])).toMatchObject({ code: 0, err: 'no secrets\n' })

    // The database with its log, while it is in use; then whatever is left.
    writeFileSync(file, '')
    const data = join(place.folder, 'data')
    expect(readdirSync(data)).toContain('facts.sqlite-wal')
    expect(holding(place.folder, SECRET, OTHER)).toEqual([])
    agent.child.kill('SIGTERM')
    await agent.ended
    server.child.kill('SIGTERM')
    await server.ended
    expect(holding(place.folder, SECRET, OTHER)).toEqual([])
    for (const text of [SECRET, OTHER, Buffer.from(SECRET).toString('base64').slice(0, 20)])
      expect(saidBy(server, agent) + told.join('\n')).not.toContain(text)
    const verified = await place.run(['audit', 'verify', '--data', data])
    expect(verified.code).toBe(0)
  })

  it('is one in a kept script and in another script of a schedule, too, and what runs as text is said', async () => {
    await using place = new Workplace()
    await place.serve()
    const { instanceId } = await place.enrol('agent')
    const host = ['-i', instanceId]
    await place.run(['secret', 'set', 'db'], { input: SECRET })
    writeFileSync(join(place.folder, 'kept.sh'), 'printf %s "{{oos-secret:db}}" | wc -c')
    const create = ['commands', 'create', 'kept.sh', '--name', 'kept']
    const kept = await place.run(create)
    expect(await place.run(['run', ...host, '--command', kept.out.trim()])).toMatchObject({
      code: 0,
      out: '18\n',
      err: '',
    })

    const every = ['--schedule', '*/10 * * * * ?', '--timeout', '10']
    const id = (await place.run(['run', ...host, ...every, '--', 'true'])).out.trim()
    const modified = await place.run(['invocations', 'modify', id, '--script', 'kept.sh'])
    expect(modified).toMatchObject({ code: 0, out: expect.stringMatching(/^c-\S+\n$/) })
    const output = await eventually('a run of the other script', async () => {
      const { out } = await place.run(['results', id, '--history', '-o', 'json'])
      const { results } = JSON.parse(out) as { results: { status: string; output: string }[] }
      return results.find(({ status, output: text }) => status === 'Success' && text !== '')?.output
    })
    expect(output).toBe('18\n')

    const script = ['--Name', 'text', '--Type', 'RunShellScript', '--ContentEncoding', 'PlainText']
    const made = await place.run(['call', 'CreateCommand', ...script, '--CommandContent', `echo '{{oos-secret:db}}'`])
    const { CommandId } = JSON.parse(made.out) as Members
    const ran = await place.run(['run', ...host, '--command', CommandId ?? ''])
    expect(ran).toMatchObject({ code: 0, out: '{{oos-secret:db}}\n' })
    expect(ran.err).toContain(`${CommandId} names a secret, but is a command without parameters`)

    const missing = await place.run(['run', ...host, '--', 'echo {{oos-secret:db}} {{oos-secret:nosuch}} {{oos:db}}'])
    expect(missing.err).toContain('\n  There is no secret nosuch.\n')
  }, 60_000)

  it('is typed on a terminal without being shown', async () => {
    await using place = new Workplace()
    await place.serve()
    mkdirSync(join(place.folder, 'typed'))
    // `script` of util-linux gives the program a terminal of its own, and writes down what is shown there.
    const line = `openassist secret set db`
    const typing = place.start('script', ['-qfec', line, join('typed', 'shown')], { moreInput: true })
    await eventually('it is asked for', () =>
      existsSync(join(place.folder, 'typed', 'shown')) &&
      readFileSync(join(place.folder, 'typed', 'shown'), 'utf8').includes('Value: ')
        ? true
        : undefined,
    )
    typing.child.stdin?.write(`${SECRET}\r`)
    await typing.said(/db is set, version 1\./)
    typing.child.stdin?.end()
    await typing.ended
    expect(holding(place.folder, SECRET)).toEqual([])
    expect(typing.out()).not.toContain(SECRET)
  })
})
