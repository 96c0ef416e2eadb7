import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import type { KeyAndCertificate } from '../front/listener.js'
import type { CaStore, StoredCa } from './ca-store.js'
import { CHECK_EVERY_MS } from './certificates.js'
import { issueAuthority, issueLeaf } from './issue.js'
import { openOwnCertificates, type OwnCertificateOptions } from './own-certificates.js'
import type { ServerNames } from './server-names.js'

const DAY = 86_400_000

/** A store that keeps the authority in memory. */
const memoryStore = (): CaStore & { kept: StoredCa | undefined } => ({
  kept: undefined,
  load() {
    return Promise.resolve(this.kept)
  },
  save(ca, { replace }) {
    if (this.kept === undefined || replace) this.kept = ca
    return Promise.resolve(this.kept)
  },
})

const folders: string[] = []
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'openassist-tls-'))
  folders.push(folder)
  return folder
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

interface Bench {
  names: ServerNames
  now: number
  readonly told: string[]
  readonly store: ReturnType<typeof memoryStore>
  open(more?: Partial<OwnCertificateOptions>): ReturnType<typeof openOwnCertificates>
}

const bench = (advertised: readonly string[], found: readonly string[] = ['localhost', '127.0.0.1', '::1']): Bench => {
  const told: string[] = []
  const store = memoryStore()
  const made: Bench = {
    names: { advertised, found },
    now: Date.now(),
    told,
    store,
    open: (more) =>
      openOwnCertificates({
        store,
        names: () => made.names,
        newCa: false,
        now: () => made.now,
        events: {
          certificateRenewed: () => told.push('renewed'),
          certificateNotRenewed: (error) => told.push(String(error)),
        },
        ...more,
      }),
  }
  return made
}

/** Dials a TLS server with that certificate the way an agent does; undefined when it is content. */
const dial = async (material: KeyAndCertificate, ca: string, servername: string): Promise<string | undefined> => {
  const server = createServer({ cert: material.certificatePem, key: material.privateKeyPem }, (socket) => socket.end())
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const isAddress = /^[\d.]+$|:/.test(servername)
  const error = await new Promise<string | undefined>((resolve) => {
    const socket = connect(
      isAddress
        ? {
            port,
            host: '127.0.0.1',
            ca,
            servername: '',
            checkServerIdentity: (_, leaf) => checkAddress(leaf.raw, servername),
          }
        : { port, host: '127.0.0.1', ca, servername },
      () => resolve(undefined),
    )
    socket.once('error', (failure: NodeJS.ErrnoException) => resolve(`${failure.code} ${failure.message}`))
    socket.once('close', () => socket.destroy())
  })
  await new Promise((resolve) => server.close(resolve))
  return error
}

const checkAddress = (leaf: Buffer, address: string): Error | undefined =>
  new X509Certificate(leaf).checkIP(address) === undefined ? new Error('no such address') : undefined

describe('an authority of our own', () => {
  it('makes a certificate that clients with its CA accept for every name and address, and for no other', async () => {
    await using certificates = await bench(['assist.example', '192.0.2.7', '2001:db8::7']).open()
    const ca = certificates.caPem ?? ''
    for (const name of ['assist.example', 'localhost', '127.0.0.1', '192.0.2.7', '2001:db8::7', '::1']) {
      expect(await dial(certificates.current, ca, name), name).toBeUndefined()
    }
    expect(await dial(certificates.current, ca, 'other.example')).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(await dial(certificates.current, ca, '192.0.2.8')).toContain('no such address')
  })

  it('cannot sign for anything but its names: clients enforce the constraints', async () => {
    const now = Date.now()
    const ca = await issueAuthority(['assist.example', '192.0.2.7', '2001:db8::7'], now)
    const tryName = async (name: string) => dial(await issueLeaf(ca, [name], now), ca.certificatePem, name)
    expect(await tryName('assist.example')).toBeUndefined()
    expect(await tryName('below.assist.example')).toBeUndefined()
    expect(await tryName('192.0.2.7')).toBeUndefined()
    expect(await tryName('2001:db8::7')).toBeUndefined()
    for (const name of ['bank.example', 'notassist.example', '192.0.2.8', '2001:db8::8', '127.0.0.1']) {
      expect(await tryName(name), name).toContain('permitted subtree violation')
    }
  })

  it('cannot make another authority', async () => {
    const certificate = new X509Certificate(
      (await issueAuthority(['a.example', '192.0.2.1'], Date.now())).certificatePem,
    )
    expect(certificate.ca).toBe(true)
    // BasicConstraints: critical, CA, path length 0. NameConstraints: critical.
    expect(certificate.raw.includes(Buffer.from('0603551d130101ff040830060101ff020100', 'hex'))).toBe(true)
    expect(certificate.raw.includes(Buffer.from('0603551d1e0101ff', 'hex'))).toBe(true)
  })

  it('stays the same over starts, and so does the leaf while it is good', async () => {
    const folder = await newFolder()
    const files = { leafFile: join(folder, 'tls', 'server.pem'), caFile: join(folder, 'ca.pem') }
    const test = bench(['assist.example'])
    const first = await test.open(files)
    await first[Symbol.asyncDispose]()
    await using second = await test.open(files)
    expect(second.caPem).toBe(first.caPem)
    expect(second.current).toEqual(first.current)
    expect(await readFile(files.caFile, 'utf8')).toBe(first.caPem)
    expect((await stat(files.leafFile)).mode & 0o777).toBe(0o600)
  })

  it('makes another leaf when the kept file is damaged or belongs to another authority', async () => {
    const folder = await newFolder()
    const leafFile = join(folder, 'server.pem')
    const test = bench(['assist.example'])
    const first = await test.open({ leafFile })
    await first[Symbol.asyncDispose]()
    await writeFile(leafFile, 'nonsense')
    await using second = await test.open({ leafFile })
    expect(second.current.certificatePem).not.toBe(first.current.certificatePem)
    test.store.kept = undefined
    await using third = await test.open({ leafFile })
    expect(await dial(third.current, third.caPem ?? '', 'assist.example')).toBeUndefined()
  })

  it('is the one that another node saved first', async () => {
    const test = bench(['assist.example'])
    const theirs = await issueAuthority(['assist.example', '127.0.0.1'], test.now)
    await using certificates = await test.open({
      store: { load: () => Promise.resolve(undefined), save: () => Promise.resolve(theirs) },
    })
    expect(certificates.caPem).toBe(theirs.certificatePem)
  })
})

describe('renewal', () => {
  it('happens by itself when a third of the life is left, under the same authority', async () => {
    const test = bench(['assist.example'])
    await using certificates = await test.open()
    const followed: KeyAndCertificate[] = []
    certificates.follow((material) => followed.push(material))
    const before = certificates.current
    test.now += 59 * DAY
    await certificates.refresh()
    expect(certificates.current).toBe(before)
    test.now += 2 * DAY
    await certificates.refresh()
    expect(followed).toEqual([certificates.current])
    expect(certificates.current).not.toEqual(before)
    expect(certificates.expiresAt - test.now).toBeGreaterThan(89 * DAY)
    const authority = new X509Certificate(certificates.caPem ?? '')
    expect(new X509Certificate(certificates.current.certificatePem).verify(authority.publicKey)).toBe(true)
    expect(test.told).toEqual(['renewed'])
    expect(CHECK_EVERY_MS).toBeLessThan(DAY)
  })

  it('follows the addresses of the machine, as far as the authority covers them', async () => {
    const test = bench(['assist.example'], ['localhost', '127.0.0.1', '192.0.2.7'])
    const first = await test.open()
    await first[Symbol.asyncDispose]()
    test.names = { advertised: ['assist.example'], found: ['localhost', '127.0.0.1', '192.0.2.8'] }
    await using moved = await test.open()
    expect(new X509Certificate(moved.current.certificatePem).subjectAltName).not.toContain('192.0.2')
    expect(moved.notices).toHaveLength(1)
    expect(moved.notices[0]).toMatch(/Clients that dial 192\.0\.2\.8 will refuse .*--new-ca/)
    test.names = { advertised: ['assist.example'], found: ['localhost', '127.0.0.1', '192.0.2.7'] }
    await moved.refresh()
    expect(new X509Certificate(moved.current.certificatePem).subjectAltName).toContain('192.0.2.7')
  })

  it('keeps the current one when the new one cannot be made, and tries again', async () => {
    const folder = await newFolder()
    const place = join(folder, 'tls')
    const test = bench(['assist.example'])
    await using certificates = await test.open({ leafFile: join(place, 'server.pem') })
    const before = certificates.current
    await rm(place, { recursive: true })
    await writeFile(place, 'a file where the folder was')
    test.now += 70 * DAY
    await certificates.refresh()
    expect(certificates.current).toBe(before)
    expect(test.told).toHaveLength(1)
    expect(test.told[0]).toContain('EEXIST')
    await rm(place)
    await certificates.refresh()
    expect(certificates.current).not.toBe(before)
    expect(test.told[1]).toBe('renewed')
  })
})

describe('names that the authority does not cover', () => {
  it('stop the start when they are advertised, and the sentence says what to do', async () => {
    const test = bench(['assist.example'])
    const first = await test.open()
    await first[Symbol.asyncDispose]()
    test.names = { ...test.names, advertised: ['assist.example', 'new.example'] }
    await expect(test.open()).rejects.toThrow(/made for assist\.example.* cannot vouch for new\.example .*--new-ca/)
    await using renewed = await test.open({ newCa: true })
    expect(renewed.caPem).not.toBe(first.caPem)
    expect(await dial(renewed.current, renewed.caPem ?? '', 'new.example')).toBeUndefined()
  })

  it('may be below a name that it does cover', async () => {
    const test = bench(['assist.example'])
    const first = await test.open()
    await first[Symbol.asyncDispose]()
    test.names = { ...test.names, advertised: ['cn-hangzhou.assist.example'] }
    await using certificates = await test.open()
    expect(await dial(certificates.current, first.caPem ?? '', 'cn-hangzhou.assist.example')).toBeUndefined()
  })
})

it('tells a year before the authority ends, and refuses to start with one that ended', async () => {
  const test = bench(['assist.example'])
  const first = await test.open()
  expect(first.notices).toEqual([])
  await first[Symbol.asyncDispose]()
  test.now += 3300 * DAY
  const late = await test.open()
  expect(late.notices[0]).toMatch(/ends on .*--new-ca/)
  await late[Symbol.asyncDispose]()
  test.now += 400 * DAY
  await expect(test.open()).rejects.toThrow(/ended on .*--new-ca/)
})
