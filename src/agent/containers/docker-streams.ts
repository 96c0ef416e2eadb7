import type { Readable } from 'node:stream'
import { RuntimeFailure } from './container-runtime.js'

// Both streams of a program in one: frames of a kind (1 out, 2 err), three zeros, a length of four bytes, and the bytes.

const HEADER = 8

/** Hands on the bytes of both streams in their order; resolves when they have ended. Rejects with `RuntimeFailure`. */
export const splitStreams = (stream: Readable, onOutput: (bytes: Uint8Array) => void): Promise<void> => {
  const header = Buffer.alloc(HEADER)
  let filled = 0
  let left = 0
  const take = (chunk: Buffer): void => {
    for (let at = 0; at < chunk.length; ) {
      if (left > 0) {
        const part = chunk.subarray(at, at + left)
        onOutput(part)
        left -= part.length
        at += part.length
        continue
      }
      const copied = chunk.copy(header, filled, at, at + HEADER - filled)
      filled += copied
      at += copied
      if (filled < HEADER) break
      filled = 0
      left = header.readUInt32BE(4)
    }
  }
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new RuntimeFailure('internal', why))
    stream.on('data', take)
    stream.on('error', (error) => fail(error.message))
    stream.on('end', () => {
      if (left > 0 || filled > 0) fail('the streams of the program broke off')
      else resolve()
    })
    stream.on('close', () => fail('the streams of the program were closed'))
  })
}
