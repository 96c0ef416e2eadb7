/** A certificate authority as it is kept. Its key can sign for `names` only: the certificate says so itself. */
export interface StoredCa {
  readonly certificatePem: string
  /** PKCS #8. Whoever keeps it encrypts it (design D9). */
  readonly privateKeyPem: string
  /** DNS names and IP addresses that the certificate's name constraints permit. */
  readonly names: readonly string[]
}

/** Where the authority lives: the data directory, or in a cluster the database. */
export interface CaStore {
  load(): Promise<StoredCa | undefined>
  /**
   * Keeps an authority. Of two nodes that start at once, one wins.
   * @param options.replace also over one that is there already (`--new-ca`)
   * @returns the one that is kept from now on: another node's, when that came first
   */
  save(ca: StoredCa, options: { readonly replace: boolean }): Promise<StoredCa>
}
