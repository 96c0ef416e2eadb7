import type { KeyAndCertificate } from '../front/listener.js'

/** The certificate that the TLS listener shows, and its life. */
export interface Certificates extends AsyncDisposable {
  readonly current: KeyAndCertificate
  /** What a client must trust besides its system's roots; undefined when the operator brought the certificate. */
  readonly caPem: string | undefined
  /** End of the current one, in milliseconds since 1970. */
  readonly expiresAt: number
  /** Sentences for the operator about what is not as it should be, though the server can run. */
  readonly notices: readonly string[]
  /** Calls the listener with every certificate that replaces the current one. */
  follow(listener: (material: KeyAndCertificate) => void): void
  /** Looks now whether the certificate must be replaced (SIGHUP); it happens by itself every ten minutes, too. */
  refresh(): Promise<void>
}

/** Tells about renewals and about what went wrong with one. */
export interface CertificateEvents {
  certificateRenewed(expiresAt: number): void
  /** The current certificate stays. */
  certificateNotRenewed(error: unknown): void
}

export const CHECK_EVERY_MS = 600_000
