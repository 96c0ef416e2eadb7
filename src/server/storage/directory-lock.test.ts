import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lockDirectory } from './sqlite/directory-lock.js'

it('a data directory is taken by one server at a time, and free again behind it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'openassist-lock-'))
  const first = lockDirectory(directory)
  expect(() => lockDirectory(directory)).toThrow(/Another server uses the data directory/)
  first.release()
  lockDirectory(directory).release()
  rmSync(directory, { recursive: true })
})
