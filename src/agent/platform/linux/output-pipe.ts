import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, constants, fchownSync, openSync, unlinkSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { OutputPipe, RunAsUser } from '../platform.js'

const MKFIFO_TIMEOUT_MS = 10_000

/**
 * Node makes socket pairs for children, and one per stream: their order is lost, and a script that writes to
 * `/dev/stdout` fails, as sockets cannot be opened by name. So a named pipe is made, opened at both ends, and its
 * name removed at once.
 */
export const openOutputPipe = async (folder: string, owner: RunAsUser | undefined): Promise<OutputPipe> => {
  const path = join(folder, `.pipe-${randomBytes(6).toString('hex')}`)
  await makeFifo(path)
  let ownEnd: number | undefined
  try {
    ownEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const childEnd = openSync(path, constants.O_WRONLY)
    if (owner !== undefined) fchownSync(childEnd, owner.uid, owner.gid)
    unlinkSync(path)
    return { childEnd, ownEnd }
  } catch (error) {
    if (ownEnd !== undefined) closeSync(ownEnd)
    await unlink(path).catch(() => undefined)
    throw error
  }
}

const makeFifo = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile('mkfifo', ['-m', '600', '--', path], { timeout: MKFIFO_TIMEOUT_MS }, (error) => {
      if (error === null) resolve()
      else reject(new Error('The pipe for the output could not be made', { cause: error }))
    })
  })
