import type { OutputAddress } from './output-address.js'

/** Somewhere that objects can be put. */
export interface OutputStore {
  /**
   * Puts an object there, whole or not at all; one of that name is replaced. Rejects with {@link DeliveryFailure}, or when
   * the signal is aborted.
   * @param name in its parts, none of which is empty, `.` or `..`
   */
  put(name: readonly string[], content: Uint8Array, signal: AbortSignal): Promise<void>
}

/** The stores that configuration maps addresses to. */
export interface OutputStores {
  /** The store of an address, and the name in it that stands for the address; undefined when there is none. */
  find(address: OutputAddress): { readonly store: OutputStore; readonly name: readonly string[] } | undefined
}

export const NO_OUTPUT_STORES: OutputStores = { find: () => undefined }

/** Why something could not be put. */
export class DeliveryFailure extends Error {
  /** In the store's words, such as `NoSuchBucket`: told to callers. */
  readonly code: string
  /** Whether another try may succeed. */
  readonly isTemporary: boolean

  /** @param info told to callers: no secret, no path of the server */
  constructor(code: string, info: string, isTemporary: boolean, options?: ErrorOptions) {
    super(info, options)
    this.name = 'DeliveryFailure'
    this.code = code
    this.isTemporary = isTemporary
  }
}
