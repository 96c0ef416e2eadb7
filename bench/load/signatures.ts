// Signed headers of hosts, made beforehand on both cores: an RSA signature costs ten times what its check does, so a load
// generator that signed as it went would measure itself. The signature covers neither path nor body (agent-protocol.md
// §2.3), so a signed header serves any request of its host, once.
import { Worker } from 'node:worker_threads'

export interface SigningOrder {
  /** Number of the first host. */
  readonly from: number
  readonly hosts: number
  readonly perHost: number
  /** Time of the first signature; the next of a host are later by `stepMs`. */
  readonly at: number
  readonly stepMs: number
}

const THREADS = 2

/**
 * @returns for each host its header lines, the ones to be used first in front. They must be used within five minutes
 * (design D2).
 */
export const signedHeaders = async (
  hosts: number,
  perHost: number,
  { from = 0, at = Date.now(), stepMs = 5 } = {},
): Promise<string[][]> => {
  const share = Math.ceil(hosts / THREADS)
  const parts = await Promise.all(
    Array.from({ length: THREADS }, (_, index) => {
      const first = Math.min(hosts, index * share)
      const count = Math.min(hosts, first + share) - first
      return count === 0 ? Promise.resolve([]) : sign({ from: from + first, hosts: count, perHost, at, stepMs })
    }),
  )
  return parts.flat()
}

const sign = (order: SigningOrder): Promise<string[][]> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./sign-worker.js', import.meta.url), { workerData: order })
    worker.once('message', (made: string[][]) => resolve(made))
    worker.once('error', reject)
  })
