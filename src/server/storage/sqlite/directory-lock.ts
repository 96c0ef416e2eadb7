import { join } from 'node:path'
import { SqliteConnection } from './driver.js'

/**
 * Takes a data directory for this process: two servers on one would hand out tasks twice. The lock is the operating
 * system's, on a file of its own, so it ends with the process, however that ends.
 * @throws Error with a sentence for the operator when another process has it
 */
export const lockDirectory = (dataDir: string): { release(): void } => {
  const lock = new SqliteConnection(join(dataDir, 'server.lock'), [], { busyMs: 500 })
  try {
    lock.exec('begin exclusive')
  } catch (cause) {
    lock.close()
    throw new Error(
      `Another server uses the data directory ${dataDir}. Stop it, or choose another directory with --data.`,
      { cause },
    )
  }
  return { release: () => lock.close() }
}
