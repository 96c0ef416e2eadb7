import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createOpened, until } from '../_support.js'
import { SCRIPT_FILE } from '../../protocol/agent-features.js'
import { thisPlatform } from '../platform/this-platform.js'
import { firstLine } from '../tasks/decode-script.js'
import { createOutputWindow } from './output-window.js'
import { type RunningScript, startScript } from './run-script.js'
import { createLeftPipes } from './script-output.js'

const opened = createOpened()
afterEach(() => opened.closeAll())

interface Ran {
  readonly output: Buffer
  readonly exitCode: number
  readonly folder: string
}

const launch = async (
  script: string | Uint8Array,
  onOutput: (bytes: Uint8Array) => void,
  change: { readonly workingDirectory?: string; readonly launcher?: readonly string[] } = {},
): Promise<RunningScript & { readonly folder: string; readonly token: string }> => {
  const platform = thisPlatform()
  const folder = await opened.folder()
  const token = `test-${Math.random()}`
  const leftPipes = createLeftPipes()
  opened.add({
    async stop() {
      leftPipes.close()
      await platform.killTree({ leader: undefined, token })
    },
  })
  const scriptPath = join(folder, 'script with spaces.sh')
  await writeFile(scriptPath, script, { mode: 0o600 })
  const started = await startScript({
    platform,
    leftPipes,
    scriptPath,
    firstLine: firstLine(Buffer.from(script)),
    launcher: change.launcher,
    folder,
    workingDirectory: change.workingDirectory ?? folder,
    user: undefined,
    environment: { PATH: process.env['PATH'] ?? '', COLOUR: 'green' },
    token,
    onOutput,
  })
  return { ...started, folder, token }
}

const run = async (script: string | Uint8Array, launcher?: readonly string[]): Promise<Ran> => {
  const chunks: Buffer[] = []
  const { ended, folder } = await launch(
    script,
    (bytes) => chunks.push(Buffer.from(bytes)),
    launcher === undefined ? {} : { launcher },
  )
  const exitCode = await ended
  return { output: Buffer.concat(chunks), exitCode, folder }
}

describe('a script', () => {
  it('writes both streams into one, in order', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done; exit 7'
    const { output, exitCode } = await run(script)
    expect(output.toString()).toBe([1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `out ${i}\nerr ${i}\n`).join(''))
    expect(exitCode).toBe(7)
  })

  it('may open its streams by name', async () => {
    expect((await run('echo a > /dev/stdout; echo b > /dev/stderr; echo c | tee /dev/stderr')).output.toString()).toBe(
      'a\nb\nc\nc\n',
    )
  })

  it('has no input, its own session, and the environment it was given', async () => {
    const { output } = await run(
      'cat; echo "$COLOUR ${HOME-none}"; [ "$(ps -o sid= -p $$ | tr -d " ")" = $$ ] && echo leads',
    )
    expect(output.toString()).toBe('green none\nleads\n')
  })

  it('runs in its folder, and knows its own path', async () => {
    const { output, folder } = await run('pwd; echo "$0"')
    expect(output.toString()).toBe(`${folder}\n${folder}/script with spaces.sh\n`)
  })

  it('is run by the interpreter of its first line', async () => {
    const node = `#!${process.execPath} --no-warnings\nconsole.log(process.argv[1].endsWith('spaces.sh'), 6 * 7)\n`
    expect((await run(node)).output.toString()).toBe('true 42\n')
    const missing = await run('#!/no/such/interpreter\n')
    expect(missing.exitCode).toBe(127)
    expect(missing.output.toString()).toContain('/no/such/interpreter')
  })

  it('reports -1 when a signal ended it', async () => {
    expect((await run('kill -9 $$')).exitCode).toBe(-1)
  })

  it('may write any bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const script = `printf '${[...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}'`
    expect((await run(script)).output).toEqual(bytes)
  })

  it('ends when its own process ends, and its children may go on writing', async () => {
    const script = `(while [ ! -e go ]; do sleep 0.02; done; echo more && echo alive > proof) & echo done`
    const { output, folder } = await run(script)
    expect(output.toString()).toBe('done\n')
    await writeFile(join(folder, 'go'), '')
    await until('the child to live on', () => readFile(join(folder, 'proof'), 'utf8').catch(() => undefined))
  })

  it('keeps memory bounded however much it writes', async () => {
    const window = createOutputWindow(12_000)
    let total = 0
    const { ended } = await launch('head -c 200000000 /dev/zero; echo end', (bytes) => {
      total += bytes.length
      window.write(bytes)
    })
    const before = process.memoryUsage.rss()
    await ended
    expect(total).toBe(200_000_004)
    expect(window.final().dropped).toBe(200_000_004 - 12_000)
    expect(Buffer.from(window.final().output).toString()).toMatch(/end\n$/)
    expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000)
  })

  it('is killed with everything it started', async () => {
    const chunks: Buffer[] = []
    const script = 'sleep 600 & echo $!; setsid sleep 600 & echo $!; wait'
    const running = await launch(script, (bytes) => chunks.push(Buffer.from(bytes)))
    const pids = await until('two children', () => {
      const lines = Buffer.concat(chunks).toString().split('\n')
      return lines.length === 3 && lines.slice(0, 2).map(Number)
    })
    await running.kill('tree')
    expect(await running.ended).toBe(-1)
    await until('them to be gone', () => pids.every((pid) => thisPlatform().processMark(pid) === undefined))
  })

  it('is killed alone, where only its process is to end', async () => {
    const chunks: Buffer[] = []
    const running = await launch('sleep 600 & echo $!; wait', (bytes) => chunks.push(Buffer.from(bytes)))
    const pid = await until('a child', () => Number(Buffer.concat(chunks).toString()))
    await running.kill('process')
    expect(await running.ended).toBe(-1)
    expect(thisPlatform().processMark(pid)).toBeDefined()
  })

  it('is started by a launcher, which gets its words as they are', async () => {
    const launcher = ['printf', '%s|', 'a b', '$HOME', '*', SCRIPT_FILE, `--file=${SCRIPT_FILE}`]
    const { output, exitCode, folder } = await run('not run', launcher)
    const path = join(folder, 'script with spaces.sh')
    expect(output.toString()).toBe(`a b|$HOME|*|${path}|--file=${path}|`)
    expect(exitCode).toBe(0)
  })

  it('whose launcher is not there is told as a shell tells it', async () => {
    const { output, exitCode } = await run('not run', ['no-such-program', SCRIPT_FILE])
    expect(output.toString()).toMatch(/no-such-program.*not found/)
    expect(exitCode).toBe(127)
  })

  it('that cannot be started rejects with the reason of the system', async () => {
    const start = launch('true', () => undefined, { workingDirectory: '/no/such/folder' })
    await expect(start).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
