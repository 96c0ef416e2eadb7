import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What the server writes over and over; other files in its folder are somebody else's business. */
const OWN = /^(?:(?:facts|presence)\.sqlite|server\.lock)(?:-wal|-shm|-journal)?$|^(?:secret\.key|server\.json)$/

/**
 * Makes the data directory, for its owner only: it holds the key that opens every secret. Sees to it before anything is
 * opened that this user may write there.
 * @throws Error with a sentence for the operator
 */
export const makeDataDirectory = (dataDir: string): void => {
  const must = (path: string, mode: number, work: () => unknown = () => accessSync(path, mode)): void => {
    try {
      work()
    } catch (cause) {
      throw new Error(whyNotUsable(dataDir, path, cause as NodeJS.ErrnoException), { cause })
    }
  }
  must(dataDir, 0, () => makeFolders(dataDir))
  must(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  for (const name of readdirSync(dataDir)) {
    if (OWN.test(name)) must(join(dataDir, name), constants.R_OK | (name === 'secret.key' ? 0 : constants.W_OK))
  }
}

/** Folder by folder: `mkdir` with `recursive` never ends where the system says that a parent is missing and it is not (/proc). */
const makeFolders = (folder: string): void => {
  const missing: string[] = []
  for (let at = folder; !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.push(at)
  for (const path of missing.toReversed()) {
    try {
      mkdirSync(path, { mode: 0o700 })
    } catch (error) {
      // Somebody else made it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  // A file in its place, or a link that leads nowhere.
  if (!statSync(folder).isDirectory()) throw Object.assign(new Error('no directory'), { code: 'ENOTDIR' })
}

/** A sentence for who starts the server as a user that may not, and what they can do. */
export const whyNotUsable = (dataDir: string, path: string, error: NodeJS.ErrnoException): string => {
  const inside = path === dataDir ? '' : `: ${path}`
  switch (error.code) {
    case 'EROFS':
      return `The data directory ${dataDir} is on a read-only file system${inside}. Choose another with --data.`
    case 'EACCES':
    case 'EPERM': {
      const user = process.getuid?.()
      const owner = ownerOf(path)
      const whose =
        owner === undefined || owner === user ? '' : ` It belongs to user ${owner}, and this is user ${user}.`
      return (
        `The data directory ${dataDir} cannot be written${inside}.${whose} Start the server as the user that it belongs ` +
        `to, give it to this one (chown -R), or choose another with --data.`
      )
    }
    case 'EEXIST':
    case 'ENOTDIR':
      return `The data directory ${dataDir} is no directory. Choose another with --data.`
    case 'ENOENT':
      return `The data directory ${dataDir} cannot be made there. Choose another with --data.`
    case 'ENOSPC':
      return `The data directory ${dataDir} cannot be made: the disk is full.`
    default:
      return `The data directory ${dataDir} cannot be used${inside}: ${error.message}`
  }
}

const ownerOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.uid
