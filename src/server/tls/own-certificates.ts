import { X509Certificate, createPrivateKey } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname } from 'node:path'
import { canonicalAddress } from '../front/host-name.js'
import type { KeyAndCertificate } from '../front/listener.js'
import type { CaStore, StoredCa } from './ca-store.js'
import { type CertificateEvents, type Certificates, CHECK_EVERY_MS } from './certificates.js'
import { issueAuthority, issueLeaf, LEAF_LIFETIME_MS } from './issue.js'
import { isCovered, type ServerNames } from './server-names.js'

// Without a certificate of the operator's the server is its own authority (design D11).
//
//   no authority, or --new-ca ─► made for all names of now ─► kept by the store
//   authority ─► leaf for those of the names that it covers, from the leaf file or made; again when
//                a third of its life is left, when the machine's names change, or the authority

/** A leaf is replaced when less of its life is left. */
const RENEW_BEFORE_MS = LEAF_LIFETIME_MS / 3

/** The operator is told when the authority ends within this time. */
const CA_NOTICE_MS = 365 * 86_400_000

export interface OwnCertificateOptions {
  readonly store: CaStore
  /** Asked again at every check: addresses of a machine change. */
  readonly names: () => ServerNames
  /** Replace the authority, whatever there is. Every agent must then be given the new one. */
  readonly newCa: boolean
  readonly now: () => number
  readonly events: CertificateEvents
  /** Where the leaf is kept between starts, mode 0600; without it each start makes one. */
  readonly leafFile?: string | undefined
  /** Where the authority's certificate is put for people to copy. */
  readonly caFile?: string | undefined
}

/**
 * Opens the server's own authority and its certificate.
 * @throws Error with sentences for the operator when the authority cannot vouch for an advertised name
 */
export const openOwnCertificates = async (options: OwnCertificateOptions): Promise<Certificates> => {
  const { store, now, events, leafFile, caFile } = options
  const names = options.names()
  const stored = options.newCa ? undefined : await store.load()
  const ca = stored ?? (await makeAuthority(store, names, options.newCa, now()))
  const authority = new X509Certificate(ca.certificatePem)
  const caEndsAt = Date.parse(authority.validTo)
  demandUsable(ca, caEndsAt, names, now())
  if (caFile !== undefined) await writeWhenDifferent(caFile, ca.certificatePem, 0o644)

  const coveredNames = (): string[] => {
    const { advertised, found } = options.names()
    return [...advertised, ...found].filter((name) => isCovered(name, ca.names))
  }
  const makeLeaf = async (wanted: readonly string[]): Promise<KeyAndCertificate> => {
    const made = await issueLeaf(ca, wanted, now())
    if (leafFile !== undefined) await writeWhenDifferent(leafFile, made.privateKeyPem + made.certificatePem, 0o600)
    return made
  }
  const isGood = (leaf: KeyAndCertificate, wanted: readonly string[]): boolean =>
    isLeafOf(leaf, authority, wanted) && expiryOf(leaf) - now() > Math.min(RENEW_BEFORE_MS, (caEndsAt - now()) / 2)

  const wantedAtStart = coveredNames()
  const kept = leafFile === undefined ? undefined : await readLeaf(leafFile)
  let current = kept !== undefined && isGood(kept, wantedAtStart) ? kept : await makeLeaf(wantedAtStart)
  const followers: ((material: KeyAndCertificate) => void)[] = []
  let closed = false

  const refresh = async (): Promise<void> => {
    try {
      const wanted = coveredNames()
      if (closed || isGood(current, wanted)) return
      const made = await makeLeaf(wanted)
      if (closed) return
      current = made
      for (const follower of followers) follower(current)
      events.certificateRenewed(expiryOf(current))
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
      return expiryOf(current)
    },
    caPem: ca.certificatePem,
    notices: noticesOf(ca, caEndsAt, names, now()),
    follow: (listener) => void followers.push(listener),
    refresh: refreshInTurn,
    [Symbol.asyncDispose]: async () => {
      closed = true
      clearInterval(timer)
      await refreshing
    },
  }
}

const makeAuthority = async (
  store: CaStore,
  { advertised, found }: ServerNames,
  replace: boolean,
  now: number,
): Promise<StoredCa> => store.save(await issueAuthority([...advertised, ...found], now), { replace })

const NEW_CA_ADVICE =
  'Start once with --new-ca to make a new one; then give its ca.pem to every agent and client ' +
  '(openassist enroll prints the lines that do so). Until then they refuse this server.'

const demandUsable = (ca: StoredCa, endsAt: number, names: ServerNames, now: number): void => {
  if (endsAt <= now) {
    throw new Error(
      `The certificate authority of this server ended on ${new Date(endsAt).toISOString()}. ${NEW_CA_ADVICE}`,
    )
  }
  const strangers = names.advertised.filter((name) => !isCovered(name, ca.names))
  if (strangers.length > 0) {
    throw new Error(
      `The certificate authority of this server was made for ${ca.names.join(', ')}, and cannot vouch for ` +
        `${strangers.join(', ')} (--public-host). ${NEW_CA_ADVICE} Or bring a certificate of your own with ` +
        '--tls-cert and --tls-key.',
    )
  }
}

const noticesOf = (ca: StoredCa, endsAt: number, names: ServerNames, now: number): string[] => {
  const notices: string[] = []
  const strangers = names.found.filter((name) => !isCovered(name, ca.names))
  if (strangers.length > 0) {
    notices.push(
      `Clients that dial ${strangers.join(', ')} will refuse this server: its certificate authority was made for ` +
        `${ca.names.join(', ')}. Use one of these, or start once with --new-ca and give the new ca.pem to every agent.`,
    )
  }
  if (endsAt - now < CA_NOTICE_MS) {
    notices.push(`The certificate authority of this server ends on ${new Date(endsAt).toISOString()}. ${NEW_CA_ADVICE}`)
  }
  return notices
}

/** End of validity, in milliseconds since 1970. */
export const expiryOf = (material: KeyAndCertificate): number =>
  Date.parse(new X509Certificate(material.certificatePem).validTo)

const isLeafOf = (leaf: KeyAndCertificate, authority: X509Certificate, wanted: readonly string[]): boolean => {
  const certificate = new X509Certificate(leaf.certificatePem)
  return (
    certificate.checkPrivateKey(createPrivateKey(leaf.privateKeyPem)) &&
    certificate.verify(authority.publicKey) &&
    [...namesIn(certificate)].sort().join() === [...wanted].sort().join()
  )
}

const namesIn = (certificate: X509Certificate): string[] =>
  (certificate.subjectAltName ?? '').split(', ').map((entry) => {
    const name = entry.replace(/^(DNS|IP Address):/, '')
    return isIP(name) === 0 ? name : canonicalAddress(name)
  })

/** The leaf of an earlier start; undefined when there is none that can be read. */
const readLeaf = async (file: string): Promise<KeyAndCertificate | undefined> => {
  const text = await readFile(file, 'utf8').catch(() => '')
  const [key, certificate] = text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n/g) ?? []
  if (key === undefined || certificate === undefined) return undefined
  const leaf = { certificatePem: certificate, privateKeyPem: key }
  try {
    expiryOf(leaf)
    createPrivateKey(key)
    return leaf
  } catch {
    return undefined
  }
}

/** Replaces a file as a whole; a reader sees the old text or the new one. */
const writeWhenDifferent = async (file: string, text: string, mode: number): Promise<void> => {
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${process.pid}.new`
  await writeFile(draft, text, { mode })
  await chmod(draft, mode)
  await rename(draft, file)
}
