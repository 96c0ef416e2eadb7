import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { type Config, ConfigError, type ConfigSource, readConfig, SETTINGS } from './config.js'
import type { Setting } from './config/setting.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const fileWith = (content: unknown): string => {
  const folder = mkdtempSync(join(tmpdir(), 'openassist-config-'))
  folders.push(folder)
  const file = join(folder, 'config.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

const read = (source: Partial<ConfigSource> = {}): Config => readConfig({ flags: {}, env: {}, cwd: '/srv', ...source })

const problemsOf = (source: Partial<ConfigSource>): readonly string[] => {
  try {
    read(source)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('where a setting comes from', () => {
  it('is a safe default for everything', () => {
    const config = read()
    expect(config).toMatchObject({
      dataDir: '/srv/data',
      database: undefined,
      listen: { host: '127.0.0.1', port: 8080 },
      listenTls: { host: '0.0.0.0', port: 8443 },
      publicHosts: [],
      regions: ['cn-hangzhou'],
      accountId: '1000000000000001',
      allowedOrigins: [],
      trustedProxies: [],
      firstAccessKey: undefined,
      instancesPerInvocation: 100,
      outputBytes: 24_576,
      timestampWindowSeconds: 900,
      echoStringToSign: true,
      remoteMetrics: false,
      maxConnections: 2 * config.maxAgents + 2_000,
      logLevel: 'info',
      warnings: [],
    })
    expect(Object.isFrozen(config)).toBe(true)
  })

  it('is the option before the variable before the file before the default', () => {
    const file = fileWith({ listen: '127.0.0.1:1', logLevel: 'warn', outputBytes: 20_000, echoStringToSign: false })
    const env = { OPENASSIST_CONFIG: file, OPENASSIST_LISTEN: '127.0.0.1:2', OPENASSIST_LOG_LEVEL: 'error', OTHER: 'x' }
    const config = read({ env, flags: { listen: '[::1]:3', region: [], 'new-ca': false, data: undefined } })
    expect(config.listen).toEqual({ host: '::1', port: 3 })
    expect(config.logLevel).toBe('error')
    expect(config.outputBytes).toBe(20_000)
    expect(config.echoStringToSign).toBe(false)
    expect(config.regions).toEqual(['cn-hangzhou'])
    expect(config.configFile).toBe(file)
  })

  it('is a list: repeated, with commas, or a list in the file', () => {
    const expected = ['assist.example', '192.0.2.7', '2001:db8::1']
    const given = ['Assist.Example.', '192.0.2.7', '[2001:DB8::1]', 'assist.example']
    expect(read({ flags: { 'public-host': given } }).publicHosts).toEqual(expected)
    expect(read({ env: { OPENASSIST_PUBLIC_HOST: ` ${given.join(' ,, ')}` } }).publicHosts).toEqual(expected)
    expect(read({ flags: { config: fileWith({ publicHosts: given }) } }).publicHosts).toEqual(expected)
    expect(read({ flags: { config: fileWith({ publicHosts: 'a.example' }) } }).publicHosts).toEqual(['a.example'])
  })

  it('takes relative paths from where they were written', () => {
    const file = fileWith({ dataDir: 'state', keyFile: '/etc/key' })
    expect(read({ flags: { config: file } }).dataDir).toBe(join(file, '..', 'state'))
    expect(read({ flags: { config: file } }).keyFile).toBe('/etc/key')
    expect(read({ flags: { data: 'mine', config: file } }).dataDir).toBe('/srv/mine')
  })

  it('is on when the flag is there, and "none" is no listener', () => {
    expect(read({ flags: { 'new-ca': true, 'remote-metrics': true } })).toMatchObject({
      newCa: true,
      remoteMetrics: true,
    })
    expect(read({ env: { OPENASSIST_ECHO_STRING_TO_SIGN: 'false' } }).echoStringToSign).toBe(false)
    expect(read({ flags: { listen: 'none' } }).listen).toBeUndefined()
  })
})

describe('what is wrong', () => {
  it('is told all at once, each with its place', () => {
    const file = fileWith({ regions: ['CN'], liste: 1, accessKeySecret: 'x', outputBytes: 1, listen: { port: 1 } })
    const problems = problemsOf({
      flags: { config: file, 'listen-tls': '8443', 'log-level': 'loud', verbose: true },
      env: {
        OPENASSIST_TRUST_PROXY: '10.0.0.0/33',
        OPENASSIST_MAX_AGENTS: '1e3',
        OPENASSIST_ACCESS_KEY_ID: 'LTAI1234',
      },
    })
    expect(problems).toEqual([
      '--verbose is not an option of the server.',
      `"liste" in ${file} is not a setting of the server.`,
      `"accessKeySecret" cannot be in ${file}: give it as OPENASSIST_ACCESS_KEY_SECRET.`,
      `"listen" in ${file} must be a text, a number, true or false, or a list of texts.`,
      '--listen-tls "8443" must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, or none.',
      `"regions" in ${file} "CN" must be a region id, such as cn-hangzhou: lower-case letters, digits and hyphens.`,
      'OPENASSIST_TRUST_PROXY "10.0.0.0/33" must be an address or a range, such as 10.0.0.0/8.',
      'OPENASSIST_MAX_AGENTS "1e3" must be a whole number from 1 to 1000000.',
      `"outputBytes" in ${file} "1" must be a whole number from 12000 to 16777216.`,
      '--log-level "loud" must be one of trace, debug, info, warn, error, silent.',
      'OPENASSIST_ACCESS_KEY_ID and OPENASSIST_ACCESS_KEY_SECRET belong together: one of them is missing.',
    ])
  })

  it.each([
    [{ listen: 'none', 'listen-tls': 'none' }, /would not listen at all/],
    [{ 'tls-cert': 'a.pem' }, /--tls-cert and --tls-key belong together/],
    [{ 'tls-cert': 'a.pem', 'tls-key': 'b.pem', 'new-ca': true }, /--new-ca makes a new authority/],
    [{ database: 'postgres://h/d' }, /--key-file or OPENASSIST_KEY_FILE/],
    [{ 'public-host': ['https://a.example'] }, /must be a DNS name or an address, without scheme and port/],
    [{ 'public-host': ['a.example:8443'] }, /without scheme and port/],
    [{ 'allow-origin': ['https://a.example/'] }, /must be a web origin/],
    [{ 'allow-origin': ['null'] }, /must be a web origin/],
    [{ listen: '127.0.0.1:70000' }, /must be HOST:PORT/],
    [{ listen: '::1:80' }, /must be HOST:PORT/],
    [{ config: '/nowhere/config.json' }, /config file \/nowhere\/config\.json cannot be read: ENOENT/],
  ])('%j', (flags, message) => {
    const problems = problemsOf({ flags })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(message)
  })

  it('is a file that is no object', () => {
    for (const content of ['[]', 'null', '{', '7']) {
      expect(problemsOf({ flags: { config: fileWith(content) } })[0]).toMatch(/^The config file .* cannot be read: /)
    }
  })
})

describe('secrets', () => {
  const url = 'postgres://user:hunter2@db/openassist'
  const env = {
    OPENASSIST_ACCESS_KEY_ID: 'LTAI1234',
    OPENASSIST_ACCESS_KEY_SECRET: 'hunter2-hunter2',
    OPENASSIST_DATABASE: url,
  }

  it('never print', () => {
    const config = read({ env: { ...env, OPENASSIST_KEY_FILE: '/k' } })
    expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain('hunter2')
    expect(config.database?.reveal()).toBe(url)
    expect(config.firstAccessKey?.accessKeySecret.reveal()).toBe('hunter2-hunter2')
  })

  it('are not repeated when they are wrong', () => {
    const problems = problemsOf({
      env: { ...env, OPENASSIST_DATABASE: 'mysql://hunter2', OPENASSIST_ACCESS_KEY_SECRET: 'hunter 2' },
    })
    expect(problems).toHaveLength(3)
    expect(problems.join()).not.toContain('hunter')
  })
})

it('warns of plain HTTP on the network, which only an explicit choice brings', () => {
  expect(read({ flags: { listen: '0.0.0.0:80' } }).warnings[0]).toMatch(/^Plain HTTP on 0\.0\.0\.0:80 can be read/)
  for (const listen of ['127.0.0.1:80', '127.9.9.9:80', '[::1]:80', 'localhost:80', 'none']) {
    expect(read({ flags: { listen } }).warnings).toEqual([])
  }
})

it('every setting can be given somewhere, under a name of its own, and says what it is', () => {
  const settings = Object.values(SETTINGS) as Setting<unknown>[]
  const names = settings.flatMap(({ flag, env }) => [flag, env]).filter((name) => name !== undefined)
  expect(new Set(names).size).toBe(names.length)
  for (const { flag, env, about } of settings) {
    expect(flag ?? env).toBeDefined()
    expect(env ?? 'OPENASSIST_').toMatch(/^OPENASSIST_/)
    expect(about).toMatch(/^[A-Z].*\.$/)
  }
})
