import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CommandFailure, UsageError } from '../command-line/failures.js'
import { parseArguments } from '../command-line/parse-arguments.js'
import { defineSubcommand } from '../command-line/subcommand.js'
import { CONNECTION_OPTIONS, type ConnectionValues, readConnection, sameServer } from './settings.js'

const subcommand = defineSubcommand({ name: 'x', summary: '', options: CONNECTION_OPTIONS, run: async () => 0 })
let cwd = ''

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'openassist-settings-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

const read = (argv: readonly string[], env: Record<string, string> = {}) => {
  // The declaration says the types.
  const values = parseArguments(subcommand, argv, env).options as unknown as ConnectionValues
  return readConnection(values, { env, cwd })
}

const writeServer = (folder = 'data') => {
  mkdirSync(join(cwd, folder))
  const server = {
    endpoint: 'http://127.0.0.1:8080',
    tlsEndpoint: 'https://host.example:8443',
    publicHost: 'host.example',
    regionId: 'eu-central-1',
    caFile: join(cwd, folder, 'ca.pem'),
    pid: 1,
  }
  writeFileSync(join(cwd, folder, 'server.json'), JSON.stringify(server))
  writeFileSync(
    join(cwd, folder, 'first-access-key'),
    JSON.stringify({ accessKeyId: 'first', accessKeySecret: 'secret' }),
  )
  writeFileSync(join(cwd, folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n')
}

describe('which server is called, and as whom', () => {
  it('is the one whose data are in ./data, with its first AccessKey and its region', () => {
    writeServer()
    expect(read([])).toMatchObject({
      endpointSource: './data/server.json',
      key: { accessKeyId: 'first', accessKeySecret: 'secret' },
      keySource: './data/first-access-key',
      regionId: 'eu-central-1',
      ca: undefined,
    })
    expect(read([]).endpoint.origin).toBe('http://127.0.0.1:8080')
  })

  it('is the one of another folder', () => {
    writeServer('other')
    expect(read(['--data', 'other']).endpointSource).toBe('./other/server.json')
    expect(read([], { OPENASSIST_DATA: 'other' }).endpointSource).toBe('./other/server.json')
  })

  it('comes from the vendor’s variables, and options win over them', () => {
    const env = {
      OPENASSIST_ENDPOINT: 'https://a.example:8443',
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'env-id',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'env-secret',
      ALIBABA_CLOUD_REGION_ID: 'us-west-1',
    }
    expect(read([], env)).toMatchObject({
      endpointSource: 'OPENASSIST_ENDPOINT',
      key: { accessKeyId: 'env-id', accessKeySecret: 'env-secret' },
      keySource: 'ALIBABA_CLOUD_ACCESS_KEY_ID',
      regionId: 'us-west-1',
    })
    const argv = ['--endpoint', 'b.example', '--access-key-id', 'x', '--access-key-secret', 'y', '--region', 'r']
    const connection = read(argv, env)
    expect(connection).toMatchObject({ key: { accessKeyId: 'x', accessKeySecret: 'y' }, regionId: 'r' })
    expect(connection.endpoint.href).toBe('https://b.example/')
    expect(read(['--endpoint', 'localhost:8080'], env).endpoint.href).toBe('http://localhost:8080/')
  })

  it('uses the first AccessKey and the CA for the server of the folder only, by whichever of its addresses', () => {
    writeServer()
    expect(read(['--endpoint', 'https://host.example:8443'])).toMatchObject({
      key: { accessKeyId: 'first' },
      ca: expect.stringContaining('BEGIN CERTIFICATE') as string,
    })
    expect(() => read(['--endpoint', 'http://elsewhere:8080'])).toThrow('no AccessKey is known')
  })

  it('says what is missing', () => {
    expect(() => read([])).toThrow('no server is known: there is no ./data/server.json')
    expect(() => read(['--endpoint', 'http://a', '--access-key-id', 'x'])).toThrow('but no secret')
    expect(() => read(['--endpoint', 'http://a/path'])).toThrow(UsageError)
    expect(() => read(['--endpoint', 'ftp://a'])).toThrow(UsageError)
    const key = ['--access-key-id', 'x', '--access-key-secret', 'y']
    expect(() => read(['--endpoint', 'a', '--ca-file', 'none.pem', ...key])).toThrow(CommandFailure)
  })
})

describe('a line for later', () => {
  const again = (argv: readonly string[], env: Record<string, string> = {}): string =>
    sameServer(parseArguments(subcommand, argv, env).options as unknown as ConnectionValues, { env })

  it('names the server where this line did, and not what the shell knows', () => {
    expect(again([])).toBe('')
    expect(again(['--data', './my data'])).toBe(" --data './my data'")
    expect(again(['--endpoint', 'http://127.0.0.1:1'])).toBe(' --endpoint http://127.0.0.1:1')
    expect(again([], { OPENASSIST_ENDPOINT: 'http://127.0.0.1:1' })).toBe('')
    expect(again([], { OPENASSIST_DATA: '/srv' })).toBe('')
  })
})
