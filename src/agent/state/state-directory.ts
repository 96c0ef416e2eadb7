import { chmod, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders } from './make-folders.js'

// Everything that one identity keeps on disk:
//
//   identity.json      who this host is, and its private key                          identity.ts
//   lock.<n>           which process runs for it                                      lock.ts
//   status.json        what that process sees, for people                             status-file.ts
//   seen-tasks         ids that were handed out to it, so that none runs twice        seen-tasks.ts
//   tasks/<key>/       tasks at work                                                  staged-tasks.ts
//   results/           final reports that no server acknowledged yet                  kept-results.ts

export interface StateDirectory {
  readonly path: string
  readonly identity: string
  readonly status: string
  readonly seenTasks: string
  readonly tasks: string
  readonly results: string
}

const OWN_NAMES = /^(?:identity\.json|status\.json|seen-tasks|tasks|results|boot|lock\.\d+|\.draft-[0-9a-f]+)$/

/** `/var/lib/openassist-agent` for root, else under the user's home. */
export const defaultStateDirectory = (user: { readonly isRoot: boolean; readonly home: string }): string =>
  user.isRoot ? '/var/lib/openassist-agent' : join(user.home, '.local', 'state', 'openassist-agent')

/**
 * Makes the folders that are missing, for nobody but their owner. A folder that holds other things is refused: its
 * mode is not ours to change.
 */
export const openStateDirectory = async (path: string): Promise<StateDirectory> => {
  await makeFolders(path, 0o700)
  const found = await stat(path)
  if (!found.isDirectory()) throw new Error(`${path} is not a directory`)
  if ((found.mode & 0o077) !== 0) {
    const stranger = (await readdir(path)).find((name) => !OWN_NAMES.test(name))
    if (stranger !== undefined) throw new Error(`${path} is no state directory of an agent: it holds ${stranger}`)
    await chmod(path, 0o700)
  }
  const directory = stateDirectoryAt(path)
  for (const folder of [directory.tasks, directory.results]) await makeFolders(folder, 0o700)
  return directory
}

/** The names alone, for who only looks. */
export const stateDirectoryAt = (path: string): StateDirectory => ({
  path,
  identity: join(path, 'identity.json'),
  status: join(path, 'status.json'),
  seenTasks: join(path, 'seen-tasks'),
  tasks: join(path, 'tasks'),
  results: join(path, 'results'),
})

/** Removes what processes left that died while they wrote. Only for the holder of the lock. */
export const clearDrafts = async (directory: StateDirectory): Promise<void> => {
  for (const folder of [directory.path, directory.results]) {
    for (const name of await readdir(folder)) {
      if (name.startsWith('.draft-')) await unlink(join(folder, name)).catch(() => undefined)
    }
  }
}
