import type { OutputAddress } from './output-address.js'
import type { DeliveryFailure, OutputStore, OutputStores } from './output-stores.js'

/** A store in memory for the bucket `logs`, which the test makes fail or holds. */
export class MemoryStore implements OutputStore, OutputStores {
  readonly objects = new Map<string, string>()
  /** Names of what was put, in order, failures too. */
  readonly puts: string[] = []
  failure: DeliveryFailure | undefined
  /** Runs before something is there. */
  before: (name: string) => Promise<void> = () => Promise.resolve()
  underWay = 0
  mostUnderWay = 0
  buckets = ['logs']

  async put(name: readonly string[], content: Uint8Array): Promise<void> {
    const path = name.join('/')
    this.puts.push(path)
    this.underWay += 1
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay)
    try {
      await this.before(path)
      if (this.failure !== undefined) throw this.failure
      this.objects.set(path, Buffer.from(content).toString())
    } finally {
      this.underWay -= 1
    }
  }

  find({ bucket, prefix }: OutputAddress): { store: OutputStore; name: readonly string[] } | undefined {
    return this.buckets.includes(bucket) ? { store: this, name: prefix } : undefined
  }
}
