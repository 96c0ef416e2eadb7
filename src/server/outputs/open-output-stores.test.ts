import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openOutputStores } from './open-output-stores.js'

it('an address is that of the store that stands for most of it', async () => {
  const folders = ['logs', 'audit'].map((name) => mkdtempSync(join(tmpdir(), `openassist-${name}-`)))
  const [logs = '', audit = ''] = folders
  try {
    const stores = openOutputStores([
      { kind: 'directory', bucket: 'logs', prefix: [], directory: logs },
      { kind: 'directory', bucket: 'logs', prefix: ['a', 'audit'], directory: audit },
      { kind: 'directory', bucket: 'only', prefix: ['below'], directory: audit },
    ])
    const put = async (bucket: string, prefix: readonly string[]): Promise<void> => {
      const found = stores.find({ bucket, prefix })
      await found?.store.put(
        [...found.name, 'x'],
        Buffer.from([bucket, ...prefix].join('/')),
        new AbortController().signal,
      )
    }
    await put('logs', ['a', 'auditors'])
    await put('logs', ['a', 'audit', 'b'])
    expect(readFileSync(join(logs, 'a', 'auditors', 'x'), 'utf8')).toBe('logs/a/auditors')
    expect(readFileSync(join(audit, 'b', 'x'), 'utf8')).toBe('logs/a/audit/b')
    expect(stores.find({ bucket: 'only', prefix: [] })).toBeUndefined()
    expect(stores.find({ bucket: 'only', prefix: ['below', 'c'] })?.name).toEqual(['c'])
    expect(stores.find({ bucket: 'Logs', prefix: [] })).toBeUndefined()
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true })
  }
})
