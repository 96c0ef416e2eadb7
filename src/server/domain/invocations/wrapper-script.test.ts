import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseLauncher } from '../commands/launcher.js'
import { wrapperScript } from './wrapper-script.js'

// The wrapper by itself, started and killed as the vendor's agent does it (agent-protocol.md §6.3).

const started = new Set<number>()
const folders = new Set<string>()

afterAll(() => {
  for (const pid of started) killGroup(pid)
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left.
  }
}

interface Run {
  readonly folder: string
  readonly pid: number
  readonly output: () => Buffer
  readonly ended: Promise<number | null>
}

/** `wait` keeps the shell that the agent started as the leader, as shells do that do not become the last command. */
const start = (wrapper: Uint8Array, { wait = false } = {}, beside: Record<string, Uint8Array | string> = {}): Run => {
  const folder = mkdtempSync(join(tmpdir(), 'openassist-wrapper-'))
  folders.add(folder)
  for (const [name, text] of Object.entries(beside)) writeFileSync(join(folder, name), text)
  const path = join(folder, 't-1.iv1.sh')
  writeFileSync(path, wrapper, { mode: 0o755 })
  const child = spawn('sh', ['-c', wait ? `${path}; exit $?` : path], {
    detached: true,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pid = child.pid ?? 0
  started.add(pid)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => setTimeout(() => resolve(code), 50))
  })
  return { folder, pid, output: () => Buffer.concat(chunks), ended }
}

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const limit = performance.now() + 15_000
  while (!holds()) {
    if (performance.now() > limit) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const lives = (pid: number): boolean => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

const numbers = (run: Run): readonly number[] => run.output().toString().trim().split('\n').map(Number)

const nothingLeft = (run: Run) =>
  until('the private folder is gone', () => readdirSync(run.folder).every((name) => !name.startsWith('t-1.iv1.sh.')))

const wrapped = (script: string, launcher = '', mode: 'Process' | 'ProcessTree' = 'ProcessTree') =>
  wrapperScript(Buffer.from(script), parseLauncher(launcher), mode)

const LAUNCHED = [
  ['by its first line', '', 'Process'],
  ['by its first line, as a tree', '', 'ProcessTree'],
  ['by a launcher', 'env FROM=launcher sh {{ACS::ScriptFileName}}', 'Process'],
  ['by a launcher, as a tree', 'env FROM=launcher sh "{{ACS::ScriptFileName|Ext(.x)}}"', 'ProcessTree'],
] as const

describe.concurrent.each(LAUNCHED)('a script that runs %s', (_how, launcher, mode) => {
  it('ends with its own exit code, both streams, its directory, and leaves no file', async () => {
    const run = start(wrapped('echo out; echo err >&2; pwd; cat; exit 7', launcher, mode))
    expect(await run.ended).toBe(7)
    expect(
      run
        .output()
        .toString()
        .split('\n')
        .sort((one, other) => (one < other ? -1 : 1)),
    ).toEqual(['', run.folder, 'err', 'out'].sort((one, other) => (one < other ? -1 : 1)))
    await nothingLeft(run)
  })

  it('has every byte as it was', async () => {
    const bytes = Buffer.from([...Array(256).keys()].filter((byte) => byte !== 0x0a))
    const script = Buffer.concat([Buffer.from('tail -c 255 "$0"; exit\n'), bytes])
    const run = start(wrapperScript(script, parseLauncher(launcher), mode))
    expect(await run.ended).toBe(0)
    expect(run.output()).toEqual(bytes)
  })

  it('that ends by itself leaves alone what it left behind', async () => {
    const run = start(wrapped('sleep 600 >/dev/null 2>&1 & echo $!', launcher, mode))
    expect(await run.ended).toBe(0)
    await nothingLeft(run)
    const [left = 0] = numbers(run)
    expect(lives(left)).toBe(true)
  })

  it('that is killed leaves no file', async () => {
    const run = start(wrapped('echo $$; sleep 600', launcher, mode))
    await until('it runs', () => run.output().length > 0)
    process.kill(run.pid, 'SIGKILL')
    await nothingLeft(run)
    await until('the script is gone', () => numbers(run).every((pid) => !lives(pid)))
  })
})

describe.concurrent('a script whose tree is to end', () => {
  it.each([
    ['is killed', {}],
    ['is killed behind a shell that waits', { wait: true }],
  ])('ends with all that it started when it %s', async (_how, how) => {
    const script = 'sleep 600 & echo $!; setsid sh -c "echo \\$\\$; sleep 600 & echo \\$!; wait" & echo $$; wait'
    const run = start(wrapped(script), how)
    await until('all of it runs', () => numbers(run).length === 4)
    expect(numbers(run).every(lives)).toBe(true)
    process.kill(run.pid, 'SIGKILL')
    await until('all of it is gone', () => numbers(run).every((pid) => !lives(pid)))
    await nothingLeft(run)
  })

  it('does not take others with it', async () => {
    const other = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
    started.add(other.pid ?? 0)
    const run = start(wrapped('echo $$; sleep 600'))
    await until('it runs', () => run.output().length > 0)
    process.kill(run.pid, 'SIGKILL')
    await nothingLeft(run)
    expect(lives(other.pid ?? 0)).toBe(true)
  })
})

describe.concurrent('a script whose process is to end', () => {
  it.each([
    ['its first line', '', {}],
    ['its first line, behind a shell that waits', '', { wait: true }],
    ['a launcher', 'sh {{ACS::ScriptFileName}}', {}],
    ['a launcher, behind a shell that waits', 'sh {{ACS::ScriptFileName}}', { wait: true }],
  ])('ends alone when it is killed (%s)', async (_how, launcher, how) => {
    const run = start(wrapped('echo $$; sleep 600 & echo $!; wait', launcher, 'Process'), how)
    await until('all of it runs', () => numbers(run).length === 2)
    const [script = 0, child = 0] = numbers(run)
    process.kill(run.pid, 'SIGKILL')
    await until('the script is gone', () => !lives(script))
    await nothingLeft(run)
    expect(lives(child)).toBe(true)
  })
})

describe.concurrent('a launcher', () => {
  it('gets its words as they are', async () => {
    const line = `printf '%s\\n' a "b  c" 'd"e' f\\'g '$HOME' '*' 中 {{ACS::ScriptFileName|Ext(".py")}}`
    for (const mode of ['Process', 'ProcessTree'] as const) {
      const run = start(wrapped('', line, mode))
      expect(await run.ended).toBe(0)
      const words = run.output().toString().trimEnd().split('\n')
      expect(words.slice(0, -1)).toEqual(['a', 'b  c', 'd"e', "f'g", '$HOME', '*', '中'])
      expect(words.at(-1)).toMatch(/\.py$/)
    }
  })

  it.each(['Process', 'ProcessTree'] as const)('that is not there is told as a shell tells it (%s)', async (mode) => {
    const run = start(wrapped('', 'no-such-program {{ACS::ScriptFileName}}', mode))
    expect(await run.ended).toBe(127)
    expect(run.output().toString()).toMatch(/no-such-program/)
    await nothingLeft(run)
  })

  it.each(['exit', 'cd'])('is a program, never the shell’s own %s', async (name) => {
    const run = start(wrapped('', `${name} {{ACS::ScriptFileName}}`))
    expect(await run.ended).toBe(127)
  })
})

describe.concurrent('a wrapper that cannot do its part', () => {
  it('says so and does not run the script', async () => {
    const wrapper = wrapped('touch ran')
    const noFolder = Buffer.from(wrapper).toString().replace('mktemp -d', 'false').replace('mkdir', 'false')
    const run = start(Buffer.from(noFolder))
    expect(await run.ended).toBe(125)
    expect(run.output().toString()).toBe('openassist: no private folder for the script; the script was not run\n')
    expect(existsSync(join(run.folder, 'ran'))).toBe(false)
  })

  it('goes on in a folder that it makes by itself where there is no mktemp', async () => {
    const wrapper = Buffer.from(wrapped('echo ran')).toString().replace('mktemp -d', 'false')
    const run = start(Buffer.from(wrapper))
    expect(await run.ended).toBe(0)
    expect(run.output().toString()).toBe('ran\n')
  })

  it('of a script that asked for nothing runs it all the same, without a group of its own', async () => {
    const content = Buffer.from('echo ran; exit 7')
    const beside = {
      wrapper: wrapperScript(content, undefined, 'Process', 'lenient'),
      between: 'sh ./wrapper; exit $?',
    }
    const run = start(Buffer.from('sh ./between; exit $?'), {}, beside)
    expect(await run.ended).toBe(7)
    expect(run.output().toString()).toBe('ran\n')
  })

  it.each([
    ['finds no folder', (text: string) => text.replace('mktemp -d', 'false').replace('mkdir', 'false')],
    ['cannot write', (text: string) => text.replace('chmod 700', 'false')],
  ])('of a script that asked for nothing runs it as the agent would, where it %s', async (_what, broken) => {
    const content = Buffer.from("echo 'it ran \\\\'; exit 7\n")
    const wrapper = wrapperScript(content, undefined, 'Process', 'lenient')
    const run = start(Buffer.from(broken(Buffer.from(wrapper).toString())))
    expect(await run.ended).toBe(7)
    expect(run.output().toString().trim()).toMatch(/^it ran \\+$/)
  })

  it('never takes a group that is not its own for its tree', async () => {
    const beside = { wrapper: wrapped('touch ran'), between: 'sh ./wrapper; exit $?' }
    const run = start(Buffer.from('sh ./between; exit $?'), {}, beside)
    expect(await run.ended).toBe(125)
    expect(run.output().toString()).toMatch(/gives it no process group/)
    expect(existsSync(join(run.folder, 'ran'))).toBe(false)
  })
})
