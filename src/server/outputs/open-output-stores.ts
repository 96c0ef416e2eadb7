import type { OutputAddress } from '../domain/outputs/output-address.js'
import type { OutputStore, OutputStores } from '../domain/outputs/output-stores.js'
import { DirectoryStore } from './directory-store.js'
import { S3Store } from './s3-store.js'
import type { OutputStoreSettings } from './settings.js'

/** The configured stores. Where several stand for an address, the one that says most of it is meant. */
export const openOutputStores = (settings: readonly OutputStoreSettings[]): OutputStores => {
  const stores = settings
    .map((one) => ({ mapped: one, store: open(one) }))
    .toSorted((left, right) => right.mapped.prefix.length - left.mapped.prefix.length)
  return {
    find(address) {
      const found = stores.find(({ mapped }) => standsFor(mapped, address))
      return found && { store: found.store, name: address.prefix.slice(found.mapped.prefix.length) }
    },
  }
}

const standsFor = (mapped: OutputAddress, { bucket, prefix }: OutputAddress): boolean =>
  mapped.bucket === bucket && mapped.prefix.every((part, index) => part === prefix[index])

const open = (settings: OutputStoreSettings): OutputStore =>
  settings.kind === 'directory' ? new DirectoryStore(settings.directory) : new S3Store(settings)
