import { randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import type { KeyAndCertificate } from '../front/listener.js'
import type { StoredCa } from './ca-store.js'
import { NAME_CONSTRAINTS_OID, nameConstraints } from './name-constraints.js'

// Makes certificates. The library is the only one here and is loaded when a certificate is made: it takes 17 MB and
// 120 ms, and most starts of a server need none.

const DAY_MS = 86_400_000

export const CA_LIFETIME_MS = 3650 * DAY_MS
export const LEAF_LIFETIME_MS = 90 * DAY_MS

/** Certificates begin in the past, for hosts whose clock is late. */
const BACKDATED_MS = DAY_MS

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

const loadLibrary = async () => {
  // The library needs this polyfill and does not bring it.
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

/** Makes an authority that can sign for these names and addresses and for nothing else. */
export const issueAuthority = async (names: readonly string[], now: number): Promise<StoredCa> => {
  const x509 = await loadLibrary()
  const keys = await generateKeys()
  // A name of its own for each authority, so that a replaced one is not mistaken for its successor.
  const name = `CN=OpenAssist CA ${randomBytes(4).toString('hex')}, O=OpenAssist`
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name,
      keys,
      serialNumber: serialNumber(),
      notBefore: new Date(now - BACKDATED_MS),
      notAfter: new Date(now + CA_LIFETIME_MS),
      signingAlgorithm: SIGNING,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
        new x509.Extension(NAME_CONSTRAINTS_OID, true, nameConstraints(names)),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKeyPem: await privateKeyPem(keys.privateKey),
    names: [...names],
  }
}

/** Makes a server's certificate, with a key of its own. The subject stays empty of hosts: clients read the SANs. */
export const issueLeaf = async (ca: StoredCa, names: readonly string[], now: number): Promise<KeyAndCertificate> => {
  const x509 = await loadLibrary()
  const authority = new x509.X509Certificate(ca.certificatePem)
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pemBytes(ca.privateKeyPem), KEY, false, ['sign'])
  const keys = await generateKeys()
  const notAfter = Math.min(now + LEAF_LIFETIME_MS, authority.notAfter.getTime())
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject: 'CN=OpenAssist server',
      issuer: authority.subjectName,
      publicKey: keys.publicKey,
      signingKey,
      serialNumber: serialNumber(),
      notBefore: new Date(now - BACKDATED_MS),
      notAfter: new Date(notAfter),
      signingAlgorithm: SIGNING,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
        new x509.SubjectAlternativeNameExtension(
          names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
        ),
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey, false, webcrypto),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKeyPem: await privateKeyPem(keys.privateKey),
  }
}

const generateKeys = () => webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])

/** Positive, and of one length in DER. */
const serialNumber = (): string => {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

const privateKeyPem = async (key: webcrypto.CryptoKey): Promise<string> => {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64')
  const lines = base64.match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}

const pemBytes = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
