import { chmodSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPublicCommands } from '../../src/server/public-commands/read-public-commands.js'
import { Workplace } from './_cli-support.js'

// Every public command for Linux, run by our agent on this machine. Managers of services and packages are stand-ins on its
// PATH, which write down what they are asked for: nothing of this machine is restarted or installed.

const place = new Workplace()
const tools = join(place.folder, 'tools')
const asked = join(place.folder, 'asked')
let instanceId = ''
let listener: Server
const done = new Set<string>()

interface Result {
  readonly status: string
  readonly exitCode: number
  readonly output: string
}

const tool = (name: string, script: string): void => {
  writeFileSync(join(tools, name), `#!/bin/sh\necho "${name} $*" >> '${asked}'\n${script}\n`)
  chmodSync(join(tools, name), 0o755)
}

beforeAll(async () => {
  mkdirSync(tools)
  listener = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  await place.serve()
  const enrolled = await place.enrol('agent', { PATH: `${tools}${delimiter}${process.env['PATH']}` })
  instanceId = enrolled.instanceId
})
afterAll(async () => {
  listener.close()
  await place[Symbol.asyncDispose]()
})

const ok = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await place.run(args)
  if (code !== 0) throw new Error(`${args.join(' ')}: ${code}\n${err}`)
  return out
}

const invoke = async (short: string, parameters: Readonly<Record<string, string>> = {}): Promise<Result> => {
  const name = `OpenAssist-${short}-Linux`
  done.add(name)
  const call = ['call', 'InvokeCommand', '--CommandId', name, '--InstanceId.1', instanceId]
  const answer = await ok(...call, '--Parameters', JSON.stringify(parameters))
  const { InvokeId } = JSON.parse(answer) as { InvokeId: string }
  await place.run(['invocations', 'watch', InvokeId])
  const { results } = JSON.parse(await ok('results', InvokeId, '-o', 'json')) as { results: Result[] }
  const [result] = results
  if (result === undefined) throw new Error(`${InvokeId} has no result`)
  return result
}

const whatWasAsked = (): readonly string[] =>
  existsSync(asked) ? readFileSync(asked, 'utf8').trimEnd().split('\n') : []

describe('public commands', () => {
  it('tell what the host is', async () => {
    const { status, output } = await invoke('SystemInformation')
    expect(status).toBe('Success')
    for (const fact of ['host', 'kernel', 'processors', 'memory', 'up', 'load'])
      expect(output).toMatch(new RegExp(`^${fact} +\\S`, 'm'))
  })

  it('tell how full its disks are, and fail from a percentage on', async () => {
    mkdirSync(join(place.folder, 'data-here', 'large'), { recursive: true })
    writeFileSync(join(place.folder, 'data-here', 'large', 'file'), Buffer.alloc(300_000, 1))
    mkdirSync(join(place.folder, 'data-here', '.hidden'))
    writeFileSync(join(place.folder, 'data-here', '.hidden', 'file'), Buffer.alloc(300_000, 1))
    const path = join(place.folder, 'data-here')
    const shown = await invoke('DiskUsage', { path })
    expect(shown).toMatchObject({ status: 'Success', exitCode: 0 })
    expect(shown.output).toMatch(new RegExp(`^\\d{3,}\\s+${path}/large$`, 'm'))
    expect(shown.output).toMatch(/is on a file system that is \d+ % full, and has used (?:\d+|\?) % of its inodes\.$/m)
    expect(shown.output).toMatch(new RegExp(`^\\d{3,}\\s+${path}/\\.hidden$`, 'm'))
    expect(await invoke('DiskUsage', { path, failAbove: '1' })).toMatchObject({ status: 'Failed', exitCode: 2 })
    expect(await invoke('DiskUsage', { path: '/no/such' })).toMatchObject({ status: 'Failed', exitCode: 1 })
  })

  it('restart a service, and fail where it does not run afterwards', async () => {
    tool(
      'systemctl',
      '[ "$2" = bad.service ] && [ "$1" = is-active ] && echo failed && exit 3; [ "$1" = is-active ] && echo active; exit 0',
    )
    const good = await invoke('RestartService', { service: 'good.service' })
    expect(good).toMatchObject({ status: 'Success', output: 'good.service is active\n' })
    expect(whatWasAsked()).toContain('systemctl restart good.service')
    expect(await invoke('RestartService', { service: 'bad.service' })).toMatchObject({ status: 'Failed', exitCode: 1 })
  })

  it('list old logs, and remove them when told', async () => {
    const path = join(place.folder, 'logs')
    mkdirSync(join(path, 'app'), { recursive: true })
    const old = ['app/app.log.1', 'app/app.log.2.gz', 'app.log-20200101', 'x.old']
    const kept = ['app/app.log', 'app/new.log.1']
    for (const name of [...old, ...kept]) writeFileSync(join(path, name), name)
    const longAgo = Date.now() / 1_000 - 40 * 86_400
    for (const name of [...old, 'app/app.log']) utimesSync(join(path, name), longAgo, longAgo)
    const listed = await invoke('CleanLogs', { path })
    expect(listed.status).toBe('Success')
    expect(listed.output).toContain('4 files would be removed')
    for (const name of old) expect(existsSync(join(path, name))).toBe(true)
    const removed = await invoke('CleanLogs', { path, apply: 'yes', days: '30' })
    expect(removed.output).toContain('4 files removed')
    expect([...old, ...kept].filter((name) => existsSync(join(path, name)))).toEqual(kept)
    expect((await invoke('CleanLogs', { path, apply: 'yes' })).output).toContain('0 files removed')
  })

  it('show the busiest processes', async () => {
    const { status, output } = await invoke('TopProcesses', { count: '3' })
    expect(status).toBe('Success')
    const [byTime = '', byMemory = ''] = output.split('\n\n')
    for (const part of [byTime, byMemory]) expect(part.trimEnd().split('\n')).toHaveLength(5)
  })

  it('show newer packages, and install them when told', async () => {
    tool('apt-get', '[ "$*" = "upgrade -q -s" ] && echo "Inst one [1] (2 here)"; exit 0')
    const listed = await invoke('UpdatePackages')
    expect(listed).toMatchObject({ status: 'Success', output: expect.stringContaining('Inst one [1]') as string })
    expect(whatWasAsked().filter((line) => line.startsWith('apt-get'))).toEqual([
      'apt-get update -q',
      'apt-get upgrade -q -s',
    ])
    expect((await invoke('UpdatePackages', { action: 'install' })).status).toBe('Success')
    expect(whatWasAsked().at(-1)).toMatch(/^apt-get upgrade -q -y /)
  })

  it('tell whether a port can be reached', async () => {
    const port = String((listener.address() as AddressInfo).port)
    const reached = await invoke('CheckConnection', { host: 'localhost', port })
    expect(reached).toMatchObject({
      status: 'Success',
      output: expect.stringContaining(`port ${port} takes connections`) as string,
    })
    expect(await invoke('CheckConnection', { host: '127.0.0.1', port: '1' })).toMatchObject({ exitCode: 2 })
    expect(await invoke('CheckConnection', { host: 'no.such.invalid', port })).toMatchObject({ exitCode: 1 })
  })

  it('are all run here, those for Linux', () => {
    const names = readPublicCommands().map(({ name }) => name)
    expect([...done].sort()).toEqual([...new Set(names)].filter((name) => name.endsWith('-Linux')).sort())
  })

  it('are run by the command line as any script is', async () => {
    const name = 'OpenAssist-CheckConnection-Linux'
    const { port } = listener.address() as AddressInfo
    const values = ['--param', 'host=127.0.0.1', '--param', `port=${port}`]
    expect(await ok('run', '--command', name, '--all', ...values)).toContain('takes connections')
    expect((await place.run(['run', '--command', name, '--all'])).err).toContain('Parameter.MissingValue')
    expect((await place.run(['run', '--command', 'c-none', '--all'])).code).toBe(1)
    for (const more of [['--', 'id'], ['--keep'], ['--name', 'x'], ['--type', 'RunBatScript']])
      expect((await place.run(['run', '--command', name, '--all', ...more])).code, more.join(' ')).toBe(2)
  })

  it('are listed and shown by the command line', async () => {
    const listed = await ok('commands', 'list', '--public')
    expect(listed).toMatch(/^NAME +VERSION +WHAT IT DOES$/m)
    expect(listed).toMatch(/^OpenAssist-DiskUsage-Linux +2 +Shows how full/m)
    const shown = await ok('commands', 'show', 'OpenAssist-CleanLogs-Linux')
    expect(shown).toMatch(/^Provider: +OpenAssist$/m)
    expect(shown).toMatch(/^Parameter: +apply: .*\(one of no, yes; default no\)$/m)
    expect((await place.run(['commands', 'show', 'OpenAssist-None'])).code).toBe(1)
    expect((await place.run(['commands', 'delete', 'c-openassist-diskusage-linux-v1'])).err).toContain(
      'Operation.Forbidden',
    )
  })
})
