import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDataDirectory, whyNotUsable } from './data-directory.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openassist-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const failure = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`${code}: something`), { code })

describe('the data directory', () => {
  it('is made for its owner only, and taken as it is when it is there', () => {
    const dataDir = join(folder, 'a', 'b')
    makeDataDirectory(dataDir)
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
    writeFileSync(join(dataDir, 'secret.key'), '', { mode: 0o400 })
    makeDataDirectory(dataDir)
  })

  it('is no file', () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    expect(() => makeDataDirectory(file)).toThrow(`The data directory ${file} is no directory.`)
    expect(() => makeDataDirectory(join(file, 'below'))).toThrow('is no directory')
  })

  it('cannot be where the system makes none, and that is said at once', () => {
    expect(() => makeDataDirectory('/proc/openassist/data')).toThrow(
      'The data directory /proc/openassist/data cannot be made there. Choose another with --data.',
    )
  })

  it('says what stands in the way and what to do', () => {
    const facts = join(folder, 'facts.sqlite')
    expect(whyNotUsable(folder, folder, failure('EROFS'))).toBe(
      `The data directory ${folder} is on a read-only file system. Choose another with --data.`,
    )
    expect(whyNotUsable(folder, facts, failure('EACCES'))).toBe(
      `The data directory ${folder} cannot be written: ${facts}. Start the server as the user that it belongs to, ` +
        'give it to this one (chown -R), or choose another with --data.',
    )
    expect(whyNotUsable(folder, folder, failure('EIO'))).toContain('cannot be used: EIO: something')
  })
})
