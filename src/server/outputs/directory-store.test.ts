import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DirectoryStore } from './directory-store.js'

let place = ''
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'openassist-outputs-'))
  mkdirSync(join(place, 'root'))
  mkdirSync(join(place, 'outside'))
})
afterEach(() => rmSync(place, { recursive: true }))

const root = (): string => join(place, 'root')
const put = (name: readonly string[], text = 'text'): Promise<void> =>
  new DirectoryStore(root()).put(name, Buffer.from(text))

describe('a directory', () => {
  it('keeps an object as a file, and replaces it whole', async () => {
    await put(['a b', 'ü', 'output.txt'], 'one')
    await put(['a b', 'ü', 'output.txt'], 'two')
    const folder = join(root(), 'a b', 'ü')
    expect(readFileSync(join(folder, 'output.txt'), 'utf8')).toBe('two')
    expect(readdirSync(folder)).toEqual(['output.txt'])
    expect(statSync(join(folder, 'output.txt')).mode & 0o007).toBe(0)
  })

  it('takes away what a server that died left', async () => {
    writeFileSync(join(root(), '.output.txt.part'), 'half')
    await put(['output.txt'])
    expect(readdirSync(root())).toEqual(['output.txt'])
  })

  it('takes several objects of new folders at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => ['a', 'b', `${index}`, 'output.txt'])
    await Promise.all(names.map((name) => put(name, name.join())))
    expect(names.map((name) => readFileSync(join(root(), ...name), 'utf8'))).toEqual(names.map((name) => name.join()))
  })

  it('may itself be reached by a link', async () => {
    symlinkSync(root(), join(place, 'link'))
    await new DirectoryStore(join(place, 'link')).put(['x'], Buffer.from('text'))
    expect(readFileSync(join(root(), 'x'), 'utf8')).toBe('text')
  })

  it('follows no link below it', async () => {
    symlinkSync(join(place, 'outside'), join(root(), 'link'))
    await expect(put(['link', 'output.txt'])).rejects.toMatchObject({ code: 'InvalidObjectName', isTemporary: false })
    expect(readdirSync(join(place, 'outside'))).toEqual([])
  })

  it('replaces a link that has the name of an object, not what it leads to', async () => {
    writeFileSync(join(place, 'outside', 'file'), 'theirs')
    symlinkSync(join(place, 'outside', 'file'), join(root(), 'output.txt'))
    await put(['output.txt'])
    expect(readFileSync(join(place, 'outside', 'file'), 'utf8')).toBe('theirs')
    expect(readFileSync(join(root(), 'output.txt'), 'utf8')).toBe('text')
  })

  it.each([
    ['a file where a folder should be', ['file', 'output.txt'], 'InvalidObjectName', false],
    ['a folder where the file should be', ['folder'], 'InvalidObjectName', false],
    ['a name that is too long', ['x'.repeat(300)], 'InvalidObjectName', false],
  ])('refuses %s, and leaves nothing behind', async (_, name, code, isTemporary) => {
    writeFileSync(join(root(), 'file'), 'x')
    mkdirSync(join(root(), 'folder'))
    await expect(put(name)).rejects.toMatchObject({ code, isTemporary })
    expect(readdirSync(root())).toEqual(['file', 'folder'])
  })

  it('that is not there may come back', async () => {
    rmSync(root(), { recursive: true })
    await expect(put(['x'])).rejects.toMatchObject({ code: 'NoSuchBucket', isTemporary: true })
  })

  it.skipIf(process.getuid?.() === 0)('that may not be written says so', async () => {
    chmodSync(root(), 0o500)
    await expect(put(['x'])).rejects.toMatchObject({ code: 'AccessDenied', isTemporary: false })
  })
})
