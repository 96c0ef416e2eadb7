import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Config, ConfigError, readConfig } from '../config.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openassist-config-'))
  mkdirSync(join(folder, 'outputs'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const KEY = { OPENASSIST_OUTPUT_ACCESS_KEY_ID: 'AK', OPENASSIST_OUTPUT_ACCESS_KEY_SECRET: 'the-secret' }

const read = (stores: unknown, env: Record<string, string> = {}, mode = 0o600): Config => {
  const file = join(folder, 'stores.json')
  writeFileSync(file, typeof stores === 'string' ? stores : JSON.stringify(stores), { mode })
  return readConfig({ flags: { 'output-stores': 'stores.json' }, env, cwd: folder })
}

const problemsOf = (stores: unknown, env: Record<string, string> = {}, mode?: number): readonly string[] => {
  try {
    read(stores, env, mode)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('the file of output stores', () => {
  it('names directories, from where it is itself', () => {
    expect(
      read({ 'oss://logs': { directory: 'outputs' }, 'oss://b/a/c/': { directory: folder } }).outputStores,
    ).toEqual([
      { kind: 'directory', bucket: 'logs', prefix: [], directory: join(folder, 'outputs') },
      { kind: 'directory', bucket: 'b', prefix: ['a', 'c'], directory: folder },
    ])
  })

  it('names stores that speak S3, with the key of the environment or their own', () => {
    const own = { accessKeyId: 'own', accessKeySecret: 'own-secret' }
    const { outputStores, warnings } = read(
      {
        'oss://logs': { endpoint: 'https://s3.example.com' },
        'oss://other': {
          endpoint: 'https://s3.example.com:9000/',
          region: 'eu-1',
          bucket: 'there',
          prefix: 'a/b',
          pathStyle: false,
          ...own,
        },
      },
      KEY,
    )
    expect(outputStores).toMatchObject([
      {
        endpoint: 'https://s3.example.com',
        region: 'us-east-1',
        storeBucket: 'logs',
        storePrefix: '',
        pathStyle: true,
        accessKeyId: 'AK',
      },
      {
        endpoint: 'https://s3.example.com:9000',
        region: 'eu-1',
        storeBucket: 'there',
        storePrefix: 'a/b',
        pathStyle: false,
        accessKeyId: 'own',
      },
    ])
    const secrets = outputStores.map((store) => (store.kind === 's3' ? store.accessKeySecret.reveal() : ''))
    expect(secrets).toEqual(['the-secret', 'own-secret'])
    expect(inspect(outputStores, { depth: 9 })).not.toMatch(/the-secret|own-secret/)
    expect(warnings).toEqual([])
  })

  it.each([
    ['http://s3.example.com', 1],
    ['http://10.0.0.1:9000', 1],
    ['http://127.0.0.1:9000', 0],
    ['http://[::1]:9000', 0],
    ['http://localhost:9000', 0],
  ])('with the endpoint %s gets %i warnings', (endpoint, amount) => {
    expect(read({ 'oss://logs': { endpoint } }, KEY).warnings).toHaveLength(amount)
  })

  it.each([
    ['{', 'cannot be read: it is no JSON'],
    ['[]', 'it holds no object'],
    [{ logs: { directory: '.' } }, 'must be for an address'],
    [{ 'oss://': { directory: '.' } }, 'must be for an address'],
    [{ 'oss://b/../c': { directory: '.' } }, 'must be for an address'],
    [{ 'oss://b': '.' }, 'must be an object'],
    [{ 'oss://b': { directory: 'nowhere' } }, 'which is no directory'],
    [{ 'oss://b': { directory: 1 } }, 'must have a text as "directory"'],
    [{ 'oss://b': { directory: '.', endpoint: 'https://s3.example.com' } }, 'must not have "endpoint"'],
    [{ 'oss://b': {} }, 'must have a directory, or an endpoint'],
    [{ 'oss://b': { endpoint: 's3.example.com' } }, 'must have a directory, or an endpoint'],
    [{ 'oss://b': { endpoint: 'https://s3.example.com/path' } }, 'must have a directory, or an endpoint'],
    [{ 'oss://b': { endpoint: 'https://user:secret@s3.example.com' } }, 'must have a directory, or an endpoint'],
    [{ 'oss://bb': { endpoint: 'https://s3.example.com', accessKeyId: 'x' } }, 'must have both'],
    [{ 'oss://bb': { endpoint: 'https://s3.example.com', pathStyle: 'yes' } }, 'must have true or false'],
    [{ 'oss://bb': { endpoint: 'https://s3.example.com', bucket: 'a/b' } }, 'must have a bucket of letters'],
    [{ 'oss://x': { endpoint: 'https://s3.example.com' } }, 'must have a bucket of 2 to 63 characters, not 1'],
    [{ 'oss://bb': { endpoint: 'https://s3.example.com', prefix: '../b' } }, 'must have a prefix without dots'],
  ])('%j is refused', (stores, what) => {
    expect(problemsOf(stores, KEY).join('\n')).toContain(what)
  })

  it('needs a key for stores that have none', () => {
    const stores = { 'oss://logs': { endpoint: 'https://s3.example.com' } }
    expect(problemsOf(stores)).toHaveLength(1)
    expect(problemsOf(stores, { OPENASSIST_OUTPUT_ACCESS_KEY_ID: 'AK' }).join()).toContain('belong together')
  })

  it.skipIf(process.platform === 'win32')(
    'that holds a secret is for its owner only, and no message repeats it',
    () => {
      const stores = { 'oss://logs': { endpoint: 'x', accessKeyId: 'AK', accessKeySecret: 'own-secret' } }
      const problems = problemsOf(stores, {}, 0o644)
      expect(problems).toHaveLength(2)
      expect(problems[1]).toContain('chmod 600')
      expect(problems.join()).not.toContain('own-secret')
    },
  )
})
