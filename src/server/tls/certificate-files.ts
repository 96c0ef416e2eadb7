import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { KeyAndCertificate } from '../front/listener.js'
import { type CertificateEvents, type Certificates, CHECK_EVERY_MS } from './certificates.js'

export interface CertificateFileOptions {
  /** PEM: the leaf, then the certificates between it and the root. */
  readonly certFile: string
  /** PEM, not encrypted. */
  readonly keyFile: string
  /** The names that the operator advertises; a certificate that lacks one is told about. */
  readonly advertised: readonly string[]
  readonly now: () => number
  readonly events: CertificateEvents
}

/**
 * A certificate that the operator brought. The files are read again when asked and every ten minutes; a pair that does
 * not fit (half of it may be written) leaves the current one in place.
 * @throws Error with a sentence for the operator when the files cannot be used at the start
 */
export const openCertificateFiles = async (options: CertificateFileOptions): Promise<Certificates> => {
  const { events } = options
  let current = await readPair(options)
  const followers: ((material: KeyAndCertificate) => void)[] = []

  const refresh = async (): Promise<void> => {
    try {
      const read = await readPair(options)
      if (read.certificatePem === current.certificatePem && read.privateKeyPem === current.privateKeyPem) return
      current = read
      for (const follower of followers) follower(current)
      events.certificateRenewed(leafOf(current).endsAt)
    } catch (error) {
      events.certificateNotRenewed(error)
    }
  }
  let refreshing = Promise.resolve()
  const refreshInTurn = (): Promise<void> => (refreshing = refreshing.then(refresh))
  const timer = setInterval(() => void refreshInTurn(), CHECK_EVERY_MS)
  timer.unref()

  return {
    get current() {
      return current
    },
    get expiresAt() {
      return leafOf(current).endsAt
    },
    caPem: undefined,
    notices: noticesOf(current, options),
    follow: (listener) => void followers.push(listener),
    refresh: refreshInTurn,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      await refreshing
    },
  }
}

const readPair = async ({ certFile, keyFile, now }: CertificateFileOptions): Promise<KeyAndCertificate> => {
  const pair = {
    certificatePem: await readText(certFile, '--tls-cert'),
    privateKeyPem: await readText(keyFile, '--tls-key'),
  }
  const key = parsed(() => createPrivateKey(pair.privateKeyPem), keyFile, 'no private key in PEM without a password')
  const { certificate, endsAt } = parsed(() => leafOf(pair), certFile, 'no certificate in PEM')
  if (!certificate.checkPrivateKey(key)) {
    throw new Error(`The certificate in ${certFile} and the key in ${keyFile} do not belong together.`)
  }
  if (endsAt <= now()) throw new Error(`The certificate in ${certFile} ended on ${new Date(endsAt).toISOString()}.`)
  return pair
}

const readText = async (file: string, flag: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Error(`Cannot read ${file} (${flag}): ${(cause as NodeJS.ErrnoException).code}.`, { cause })
  }
}

const parsed = <T>(parse: () => T, file: string, complaint: string): T => {
  try {
    return parse()
  } catch (cause) {
    throw new Error(`There is ${complaint} in ${file}.`, { cause })
  }
}

const leafOf = (pair: KeyAndCertificate) => {
  const certificate = new X509Certificate(pair.certificatePem)
  return { certificate, endsAt: Date.parse(certificate.validTo) }
}

const noticesOf = (pair: KeyAndCertificate, { advertised, certFile }: CertificateFileOptions): string[] => {
  const { certificate } = leafOf(pair)
  const isNamed = (name: string): boolean =>
    (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined
  const missing = advertised.filter((name) => !isNamed(name))
  return missing.length === 0
    ? []
    : [
        `The certificate in ${certFile} does not name ${missing.join(', ')} (--public-host): agents that dial it will refuse.`,
      ]
}
