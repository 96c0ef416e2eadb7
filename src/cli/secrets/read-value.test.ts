import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import type { Output, Terminal } from '../../command-line/terminal.js'
import { readSecretValue } from './read-value.js'

const cwd = mkdtempSync(join(tmpdir(), 'openassist-test-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const recorder = (): Output & { readonly text: () => string } => {
  let said = ''
  return {
    write: (text) => void (said += text),
    isTerminal: true,
    columns: 80,
    rows: 24,
    colours: {} as Output['colours'],
    text: () => said,
  }
}

/** A terminal on which this is typed, or a pipe with it. */
const terminalWith = (input: string | Uint8Array, isTTY = false) => {
  const stdin = new PassThrough()
  const modes: boolean[] = []
  const stderr = recorder()
  const stdout = recorder()
  stdin.write(input)
  if (!isTTY) stdin.end()
  const terminal: Terminal = {
    stdin: Object.assign(stdin, { isTTY, setRawMode: (raw: boolean) => modes.push(raw) }),
    stdout,
    stderr,
    env: {},
    cwd,
  }
  return { terminal, modes, shown: () => stderr.text() + stdout.text() }
}

describe('the value of a secret', () => {
  it.each([
    ['p4ss\n', 'p4ss'],
    ['p4ss\r\n', 'p4ss'],
    ['p4ss', 'p4ss'],
    [' p4ss \n\n', ' p4ss \n'],
    ['-----BEGIN-----\nüa\n-----END-----\n', '-----BEGIN-----\nüa\n-----END-----'],
  ])('comes on stdin, without its last line end: %j', async (input, value) => {
    const { terminal } = terminalWith(input)
    expect(await readSecretValue(undefined, terminal)).toBe(value)
  })

  it('comes from a file', async () => {
    writeFileSync(join(cwd, 'key'), 'of a file\n')
    expect(await readSecretValue('key', terminalWith('').terminal)).toBe('of a file')
    expect(await readSecretValue('-', terminalWith('of stdin\n').terminal)).toBe('of stdin')
  })

  it('is typed on a terminal without being shown', async () => {
    const { terminal, modes, shown } = terminalWith('wrong\u0015p4sX\u007fs\rrest', true)
    expect(await readSecretValue(undefined, terminal)).toBe('p4ss')
    expect(modes).toEqual([true, false])
    expect(shown()).toBe('Value: \n')
  })

  it.each([
    ['p4\u0003', 'left by Ctrl-C.', 130],
    ['\u0004', 'nothing was set.', 1],
  ])('is given up: %j', async (typed, message, exitCode) => {
    const { terminal, modes } = terminalWith(typed, true)
    await expect(readSecretValue(undefined, terminal)).rejects.toMatchObject({ message, exitCode })
    expect(modes).toEqual([true, false])
  })

  it.each([
    ['\n', /empty/],
    ['p4\0ss', /NUL/],
    ['x'.repeat(4_097), /4097 characters, and can have 4096/],
    [Buffer.from([0x70, 0xff]), /not text/],
  ])('that cannot be is refused, and not told: %j', async (input, message) => {
    const failure = await readSecretValue(undefined, terminalWith(input).terminal).catch((error: Error) => error)
    expect(String(failure)).toMatch(message)
    expect(String(failure)).not.toContain('p4')
  })

  it('of a file that is not there is told by its name', async () => {
    await expect(readSecretValue('none', terminalWith('').terminal)).rejects.toThrow(/none/)
  })
})
