import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and those above it that are missing. Node's own `recursive` never comes back where a system says that there is
 * no parent although there is one, as in `/proc`, and its thread cannot be stopped.
 * @param mode of the folders that are made
 * @throws what the system says of the first that cannot be made, or of what is no folder and in the way
 */
export const makeFolders = async (path: string, mode: number): Promise<void> => {
  const missing: string[] = []
  for (let at = resolve(path); !(await isMade(at, mode)); at = dirname(at)) missing.push(at)
  for (const folder of missing.toReversed()) {
    if (!(await isMade(folder, mode))) throw new Error(`${folder} cannot be made`)
  }
}

/** @returns false when its parent is missing, or so the system says */
const isMade = async (folder: string, mode: number): Promise<boolean> => {
  try {
    await mkdir(folder, { mode })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(folder) !== folder) return false
    // Systems say several things of one that is there.
    const isFolder = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (!isFolder) throw error
    return true
  }
}
