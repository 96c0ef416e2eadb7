import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from './write-durably.js'

/**
 * Tells the first start of the agent since the machine booted (`cold_start`, agent-protocol.md §1.1) from later ones, and
 * remembers this one.
 */
export const noteColdStart = async (folder: string, bootId: string): Promise<boolean> => {
  const path = join(folder, 'boot')
  const known = await readFile(path, 'utf8').catch(() => '')
  if (bootId !== '' && known.trim() === bootId) return false
  await writeDurably(path, `${bootId}\n`)
  return true
}
