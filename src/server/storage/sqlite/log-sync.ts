import { closeSync, fdatasync, openSync } from 'node:fs'
import { promisify } from 'node:util'

/** Makes what was written to an open file durable, on a thread of its own. */
export type SyncFile = (file: number) => Promise<void>

const syncFile: SyncFile = promisify(fdatasync)

/**
 * Makes the write-ahead log durable off the event loop. One sync is under way at a time; who asks meanwhile shares the
 * next one. A sync that failed is the end: what the kernel did with the pages is unknown, and a later success would say
 * nothing of them.
 */
export class LogSync {
  readonly #file: number
  readonly #syncFile: SyncFile
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  /** @param path the log; it exists while its database is open, and stays the same file */
  constructor(path: string, sync: SyncFile = syncFile) {
    // Systems other than Linux sync only what is open for writing.
    this.#file = openSync(path, 'r+')
    this.#syncFile = sync
  }

  /** Resolves when all that was written before this call is durable; rejects when that is not known. */
  sync(): Promise<void> {
    if (this.#next !== undefined) return this.#next
    if (this.#running === undefined) return (this.#running = this.#once())
    this.#next = this.#running.then(() => {
      this.#next = undefined
      return (this.#running = this.#once())
    })
    return this.#next
  }

  /** Of the newest call; undefined when all that anybody asked for is durable. */
  get pending(): Promise<void> | undefined {
    return this.#next ?? this.#running
  }

  /** Two syncs are asked for; resolves when the one under way is done. Undefined otherwise. */
  get backlog(): Promise<void> | undefined {
    return this.#next === undefined ? undefined : this.#running
  }

  /** To be called when nothing is pending. */
  close(): void {
    closeSync(this.#file)
  }

  async #once(): Promise<void> {
    await this.#syncFile(this.#file)
    // After a failure `running` stays, and with it everybody who asks.
    this.#running = undefined
  }
}
