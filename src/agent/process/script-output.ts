import { closeSync, readSync } from 'node:fs'
import { Socket } from 'node:net'

// Reads the one pipe that a script and its children write to. When the script's own process has ended, everything it
// wrote is in the pipe; that is read, and the output is complete. Children that it left behind may hold the pipe open
// for days: it is then read on and thrown away, as a closed pipe would kill them at their next word.

const READ_SIZE = 64 * 1024
/** Most that a pipe can hold on Linux without privileges; more than this was written by those who are left. */
const MOST_LEFT = 1024 * 1024

export interface ScriptOutput {
  /** Call it once, when the script's process has ended. */
  finish(): void
}

/** @param onBytes gets a buffer that is used again after it returns */
export const readScriptOutput = (
  ownEnd: number,
  left: LeftPipes,
  onBytes: (bytes: Uint8Array) => void,
): ScriptOutput => {
  let isFinished = false
  const socket = new Socket({ fd: ownEnd, readable: true, writable: false })
  socket.on('data', (bytes: Buffer) => {
    if (!isFinished) onBytes(bytes)
  })
  socket.on('error', () => undefined)
  return {
    finish() {
      const rest = Buffer.allocUnsafe(READ_SIZE)
      for (let total = 0; total < MOST_LEFT && !socket.destroyed; ) {
        const length = readAvailable(ownEnd, rest)
        if (length === 0) break
        total += length
        onBytes(rest.subarray(0, length))
      }
      isFinished = true
      if (!socket.destroyed) left.add(socket)
    },
  }
}

/** @returns 0 at the end and when nothing is there now */
const readAvailable = (fd: number, into: Buffer): number => {
  try {
    return readSync(fd, into)
  } catch {
    return 0
  }
}

/** Pipes that are held open by children of scripts that ended. */
export interface LeftPipes {
  add(pipe: Socket): void
  /** Closes them all. */
  close(): void
}

/** Beyond so many the one that is open longest is closed. */
const MOST_LEFT_PIPES = 64

export const createLeftPipes = (): LeftPipes => {
  const pipes = new Set<Socket>()
  return {
    add(pipe) {
      pipes.add(pipe)
      pipe.unref()
      pipe.on('close', () => pipes.delete(pipe))
      const [oldest] = pipes
      if (pipes.size > MOST_LEFT_PIPES) oldest?.destroy()
    },
    close() {
      for (const pipe of pipes) pipe.destroy()
    },
  }
}

/** Closes both ends of a pipe that nothing was started with. */
export const closePipe = (pipe: { readonly childEnd: number; readonly ownEnd: number }): void => {
  closeSync(pipe.childEnd)
  closeSync(pipe.ownEnd)
}
