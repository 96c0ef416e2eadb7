import { constants } from 'node:fs'
import { lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DeliveryFailure, type OutputStore } from '../domain/outputs/output-stores.js'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, O_RDONLY, O_DIRECTORY } = constants

/**
 * A directory of the server. A name is a path below it: every folder on the way is one, no link is followed, and what is
 * there under the name is replaced whole. Files are on the disk when `put` resolves.
 */
export class DirectoryStore implements OutputStore {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async put(name: readonly string[], content: Uint8Array): Promise<void> {
    try {
      const folder = await this.#makeFolders(name.slice(0, -1))
      await writeWhole(join(folder, name.at(-1) ?? ''), content)
    } catch (cause) {
      throw cause instanceof DeliveryFailure ? cause : failureOf(cause)
    }
  }

  async #makeFolders(parts: readonly string[]): Promise<string> {
    let folder = await realpath(this.#root).catch((cause: unknown) => {
      throw new DeliveryFailure('NoSuchBucket', 'the directory is not there', true, { cause })
    })
    for (const part of parts) {
      const parent = folder
      folder = join(parent, part)
      const isNew = await mkdir(folder, { mode: 0o750 }).then(
        () => true,
        (cause: unknown) => {
          if (codeOf(cause) !== 'EEXIST') throw cause
          return false
        },
      )
      if (isNew) await syncFolder(parent)
      else if (!(await lstat(folder)).isDirectory())
        throw new DeliveryFailure('InvalidObjectName', 'a part of its name is a file or a link already', false)
    }
    return folder
  }
}

/** Beside its place first, so that nobody sees a part of it; what a server that died left there is taken away. */
const writeWhole = async (path: string, content: Uint8Array): Promise<void> => {
  const folder = dirname(path)
  const temporary = join(folder, `.${basename(path)}.part`)
  try {
    await rm(temporary, { force: true })
    const file = await open(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o640)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw cause
  }
  await syncFolder(folder)
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const codeOf = (cause: unknown): string => String((cause as NodeJS.ErrnoException).code)

/** What the operating system says, in words of a store, and whether it may pass. Its own text names paths. */
const FAILURES: Readonly<Record<string, readonly [code: string, info: string, isTemporary: boolean]>> = {
  EACCES: ['AccessDenied', 'the server may not write there', false],
  EPERM: ['AccessDenied', 'the server may not write there', false],
  EROFS: ['AccessDenied', 'the directory is read-only', true],
  ENAMETOOLONG: ['InvalidObjectName', 'its name is too long', false],
  ENOTDIR: ['InvalidObjectName', 'a part of its name is a file already', false],
  EISDIR: ['InvalidObjectName', 'its name is that of a directory', false],
  ELOOP: ['InvalidObjectName', 'a part of its name is a link', false],
  ENOSPC: ['InsufficientStorage', 'there is no room left', true],
  EDQUOT: ['InsufficientStorage', 'there is no room left', true],
}

const failureOf = (cause: unknown): DeliveryFailure => {
  const [code, info, isTemporary] = FAILURES[codeOf(cause)] ?? ['InternalError', 'it could not be written', true]
  return new DeliveryFailure(code, info, isTemporary, { cause })
}
