import { spawnSync } from 'node:child_process'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parameterValues, quoteForShell, readScript } from './script.js'

const read = async (given: Partial<Parameters<typeof readScript>[0]>, stdin = '') => {
  const terminal = { stdin: Readable.from([Buffer.from(stdin)]) as unknown as NodeJS.ReadStream, cwd: '/' }
  const script = await readScript({ file: undefined, words: [], type: undefined, ...given }, terminal)
  return { text: Buffer.from(script.content).toString(), type: script.type }
}

describe('what is run', () => {
  it('is one word as it is, or several as a program and its arguments', async () => {
    expect(await read({ words: ['df -h | tail -1'] })).toEqual({ text: 'df -h | tail -1', type: 'RunShellScript' })
    expect(await read({ words: ['echo', 'a b', "it's", '$HOME', '-n'] })).toEqual({
      text: `echo 'a b' 'it'\\''s' '$HOME' -n`,
      type: 'RunShellScript',
    })
    expect(await read({ words: ['Get-Process', '-Name', 'a b'], type: 'RunPowerShellScript' })).toEqual({
      text: 'Get-Process -Name a b',
      type: 'RunPowerShellScript',
    })
  })

  it('is what comes on stdin', async () => {
    expect(await read({ file: '-' }, '#!/bin/sh\nid\n')).toEqual({ text: '#!/bin/sh\nid\n', type: 'RunShellScript' })
  })

  it('is never nothing, and never two things', async () => {
    await expect(read({})).rejects.toThrow('nothing to run')
    await expect(read({ words: [' '] })).rejects.toThrow('the command is empty')
    await expect(read({ file: '-' })).rejects.toThrow('the script - is empty')
    await expect(read({ file: 'x', words: ['y'] })).rejects.toThrow('not both')
    await expect(read({ file: '/does/not/exist' })).rejects.toThrow('the script cannot be read')
  })
})

describe('values of parameters', () => {
  it('are given once each', () => {
    expect(
      parameterValues([
        { name: 'a', value: '1' },
        { name: 'b', value: '' },
      ]),
    ).toBe('{"a":"1","b":""}')
    const twice = [
      { name: 'a', value: '1' },
      { name: 'a', value: '2' },
    ]
    expect(() => parameterValues(twice)).toThrow('--param a is given twice.')
  })
})

describe('a quoted word', () => {
  it('is read by a shell as exactly that text', () => {
    const word = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\u0000', ''))
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const script = `printf '%s\\0' ${words.map(quoteForShell).join(' ')}`
        const { stdout } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' })
        expect(stdout).toBe(words.map((text) => `${text}\0`).join(''))
      }),
      { numRuns: 30 },
    )
  })
})
