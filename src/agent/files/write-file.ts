import { createHash, randomBytes } from 'node:crypto'
import { link, lstat, open, rename, unlink } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { FileEntry } from '../../protocol/messages/task-list.js'
import type { Platform } from '../platform/platform.js'
import { makeFolders } from '../state/make-folders.js'
import { syncFolder } from '../state/write-durably.js'
import { decodeBase64 } from '../tasks/decode-script.js'
import { FILE_CODE, type FileEnd, fileEnded, fileRefused } from './file-end.js'

/** A file whose every value is usable on this host. */
interface CheckedFile {
  readonly name: string
  readonly directory: string
  readonly content: Buffer
  readonly mode: number
  /** Undefined: left as the system makes it. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
  readonly overwrite: boolean
}

/** Draft names, so that one that is left behind is known for what it is. */
export const newDraftName = (): string => `.openassist-${randomBytes(8).toString('hex')}`

/**
 * Writes a sent file whole or not at all: a draft beside it gets content, owner and mode, and then its name. What the
 * vendor's agent refuses is refused with its words (agent-protocol.md §7), and before anything is written.
 *
 * More careful than that agent: a name is never a path, a link in the place of the file is replaced instead of followed,
 * an unknown owner leaves no file behind. @returns how it ended; never rejects
 */
export const writeFile = async (
  task: FileEntry['task'],
  platform: Platform,
  onDraft: (path: string) => Promise<void>,
): Promise<FileEnd> => {
  const file = await check(task, platform)
  if ('kind' in file) return file
  try {
    await makeFolders(file.directory, 0o755)
  } catch {
    return fileEnded(FILE_CODE.noDirectory)
  }
  const draft = join(file.directory, newDraftName())
  try {
    await onDraft(draft)
    return await put(file, draft, task)
  } catch (error) {
    return isBadName(error) ? fileRefused('FileNameInvalid', file.name) : fileEnded(FILE_CODE.notWritten)
  } finally {
    await unlink(draft).catch(() => undefined)
  }
}

/**
 * The file system has no such names: most take 255 bytes, and a name may have more in UTF-8 (api.md §9.1, §9.2). The draft
 * beside it had one that it takes.
 */
const isBadName = (error: unknown): boolean =>
  ['ENAMETOOLONG', 'EILSEQ'].includes((error as NodeJS.ErrnoException).code ?? '')

const put = async (file: CheckedFile, draft: string, { name }: FileEntry['task']): Promise<FileEnd> => {
  const target = join(file.directory, file.name)
  // Said early, so that nothing is written in vain; `link` below is what decides.
  if (!file.overwrite && (await isThere(target))) return fileRefused('FileExist', name)
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(file.content)
    // The owner first: a change of owner takes some bits of a mode away.
    if (file.owner !== undefined) {
      const { uid, gid } = file.owner
      if (!(await succeeds(handle.chown(uid, gid)))) return fileEnded(FILE_CODE.ownerNotSet)
    }
    if (!(await succeeds(handle.chmod(file.mode)))) return fileEnded(FILE_CODE.modeNotSet)
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (file.overwrite) await rename(draft, target)
  else if (!(await nameIfFree(draft, target))) return fileRefused('FileExist', name)
  await syncFolder(file.directory)
  return fileEnded(FILE_CODE.written)
}

/** @throws what says that nothing can have this name */
const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (error: unknown) => {
      if (isBadName(error)) throw error
      return false
    },
  )

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )

/** File systems without links say one of these. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EOPNOTSUPP']

/** @returns false when the name is taken */
const nameIfFree = async (draft: string, target: string): Promise<boolean> => {
  try {
    await link(draft, target)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!NO_LINKS.includes(code)) throw error
    if (await isThere(target)) return false
    await rename(draft, target)
  }
  return true
}

// The vendor's agent takes any three or four characters that Go reads as an octal number.
const MODE = /^[0-7]{3,4}$/

/** Nothing is written yet. */
const check = async (task: FileEntry['task'], platform: Platform): Promise<CheckedFile | FileEnd> => {
  const { name, content, signature } = task
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) return fileRefused('FileNameInvalid', name)
  if (content === '') return fileRefused('EmptyFile', '')
  const decoded = decodeBase64(content)
  if (typeof decoded === 'string') return fileRefused('InvalidFileContent', '')
  if (createHash('md5').update(content).digest('hex') !== signature.toLowerCase())
    return fileRefused('InvalidSignature', signature)
  const mode = task.mode === '' ? '0644' : task.mode
  if (!MODE.test(mode)) return fileRefused('InvalidFileMode', mode)
  const directory = task.destination === '' ? platform.ownUser().home : task.destination
  if (!isAbsolute(directory)) return fileEnded(FILE_CODE.noDirectory)
  const owner = await ownerOf(task, platform)
  if (owner !== undefined && 'kind' in owner) return owner
  return { name, directory, content: decoded, mode: Number.parseInt(mode, 8), owner, overwrite: task.overwrite }
}

const ownerOf = async (task: FileEntry['task'], platform: Platform): Promise<CheckedFile['owner'] | FileEnd> => {
  // Nobody asked for an owner: where the agent cannot give the file to root, it is its own.
  if (task.owner === '' && task.group === '' && !platform.canSwitchUser) return undefined
  const owner = task.owner === '' ? 'root' : task.owner
  const group = task.group === '' ? 'root' : task.group
  const uid = await platform.findAccount('user', owner)
  if (uid === undefined) return fileRefused('FileOwnerNotExist', owner)
  const gid = await platform.findAccount('group', group)
  if (gid === undefined) return fileRefused('FileGroupNotExist', group)
  return { uid, gid }
}
