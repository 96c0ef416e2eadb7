import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { KeyAndCertificate } from '../front/listener.js'
import { openCertificateFiles } from './certificate-files.js'
import { issueAuthority, issueLeaf } from './issue.js'

const DAY = 86_400_000
let folder: string
let told: string[]
let now: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openassist-tls-'))
  told = []
  now = Date.now()
})
afterEach(() => rm(folder, { recursive: true }))

const leaf = async (): Promise<KeyAndCertificate> =>
  issueLeaf(await issueAuthority(['assist.example', '192.0.2.7'], now), ['assist.example', '192.0.2.7'], now)

const put = async (pair: Partial<KeyAndCertificate>): Promise<void> => {
  if (pair.certificatePem !== undefined) await writeFile(join(folder, 'cert.pem'), pair.certificatePem)
  if (pair.privateKeyPem !== undefined) await writeFile(join(folder, 'key.pem'), pair.privateKeyPem)
}

const open = (advertised: readonly string[] = ['assist.example', '192.0.2.7']) =>
  openCertificateFiles({
    certFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
    advertised,
    now: () => now,
    events: {
      certificateRenewed: () => told.push('renewed'),
      certificateNotRenewed: (error) => told.push(String(error)),
    },
  })

it('shows the certificate in the files, and brings no authority of its own', async () => {
  const pair = await leaf()
  await put(pair)
  await using certificates = await open()
  expect(certificates.current).toEqual(pair)
  expect(certificates.caPem).toBeUndefined()
  expect(certificates.notices).toEqual([])
})

it('takes over new files, and keeps the old pair while only half of the new one is there', async () => {
  await put(await leaf())
  await using certificates = await open()
  const before = certificates.current
  const followed: KeyAndCertificate[] = []
  certificates.follow((material) => followed.push(material))
  const next = await leaf()
  await put({ certificatePem: next.certificatePem })
  await certificates.refresh()
  expect(certificates.current).toEqual(before)
  expect(told[0]).toContain('do not belong together')
  await put({ privateKeyPem: next.privateKeyPem })
  await certificates.refresh()
  await certificates.refresh()
  expect(followed).toEqual([next])
  expect(told.slice(1)).toEqual(['renewed'])
})

it('says what is wrong with files that cannot be used', async () => {
  await expect(open()).rejects.toThrow(/Cannot read .*cert\.pem \(--tls-cert\): ENOENT/)
  const pair = await leaf()
  await put({ certificatePem: 'nonsense', privateKeyPem: pair.privateKeyPem })
  await expect(open()).rejects.toThrow(/no certificate in PEM in .*cert\.pem/)
  await put({ ...pair, privateKeyPem: 'nonsense' })
  await expect(open()).rejects.toThrow(/no private key in PEM/)
  await put(pair)
  now += 91 * DAY
  await expect(open()).rejects.toThrow(/ended on/)
})

it('tells which advertised names the certificate lacks', async () => {
  await put(await leaf())
  await using certificates = await open(['assist.example', 'other.example', '192.0.2.8'])
  expect(certificates.notices[0]).toContain('does not name other.example, 192.0.2.8 (--public-host)')
})
