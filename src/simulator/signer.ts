import { type KeyObject, randomUUID, sign } from 'node:crypto'
import { promisify } from 'node:util'
import {
  INSTANCE_ID_HEADER,
  REQUEST_ID_HEADER,
  SIGNATURE_HEADER,
  signedText,
  TIMESTAMP_HEADER,
} from '../protocol/agent-signature.js'

const signOffLoop = promisify(sign)

/** One host of the fleet. Keys may be shared by several: only who registered which matters to a server. */
export interface SimulatedHost {
  readonly instanceId: string
  readonly machineId: string
  readonly key: KeyObject
}

interface Stocked {
  readonly at: number
  readonly lines: string
}

/** A server takes none that is 15 s older than the newest of its host, nor one of five minutes ago (design D2). */
const OLDER_THAN_NEWEST_MS = 12_000
const OLDEST_MS = 240_000

/** Makes the header lines that prove a host, each with its line end. */
export class Signer {
  readonly #host: SimulatedHost
  #stock: Stocked[] | undefined
  #newest = 0

  constructor(host: SimulatedHost) {
    this.#host = host
  }

  /**
   * The lines for one request. A signature costs hundreds of microseconds of CPU (RSA of 2048 bits) and is made on the
   * runtime's thread pool: the largest part of what a simulated agent costs.
   */
  lines(): Promise<string> | string {
    const stocked = this.#fromStock()
    if (stocked !== undefined) return stocked
    // The host's clock does not go back behind what was signed ahead for later.
    this.#newest = Math.max(this.#newest, Date.now())
    return this.#sign(this.#newest)
  }

  /**
   * Signs so many requests beforehand, to be used within four minutes. A signature covers neither path nor body.
   * @param forLaterMs the host's clock is ahead by so much: a server that starts meanwhile refuses what was signed before
   *   it did, as somebody may have used that
   */
  async stockUp(count: number, forLaterMs = 0): Promise<void> {
    const made: Stocked[] = []
    for (let number = 0; number < count; number++) {
      const at = Date.now() + forLaterMs
      made.push({ at, lines: await this.#sign(at) })
    }
    this.#stock = [...(this.#stock ?? []), ...made]
  }

  #fromStock(): string | undefined {
    while (this.#stock !== undefined) {
      const next = this.#stock.shift()
      if (this.#stock.length === 0) this.#stock = undefined
      if (next === undefined || next.at < this.#newest - OLDER_THAN_NEWEST_MS || next.at < Date.now() - OLDEST_MS)
        continue
      this.#newest = Math.max(this.#newest, next.at)
      return next.lines
    }
    return undefined
  }

  async #sign(timestamp: number): Promise<string> {
    const { instanceId, machineId, key } = this.#host
    const requestId = randomUUID()
    const text = signedText({ instanceId, timestamp, requestId }, machineId)
    const signature = await signOffLoop('md5', Buffer.from(text), key)
    return (
      `${INSTANCE_ID_HEADER}: ${instanceId}\r\n${TIMESTAMP_HEADER}: ${timestamp}\r\n` +
      `${REQUEST_ID_HEADER}: ${requestId}\r\n${SIGNATURE_HEADER}: ${signature.toString('base64')}\r\n`
    )
  }
}
