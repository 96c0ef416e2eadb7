/** Text of an answer; where it is long, its UTF-8 bytes in pieces. */
export type AnswerText = string | readonly Buffer[]

/** @returns bytes */
export const lengthOf = (text: AnswerText): number =>
  typeof text === 'string' ? Buffer.byteLength(text) : text.reduce((sum, piece) => sum + piece.length, 0)

/** Characters after which what was written so far is turned into bytes. */
const PIECE_LENGTH = 16_384

/**
 * Takes away what was written of a long text while the rest is still being written. Appending leaves a tree of as many
 * nodes as there were texts, which lives until it is read: for a list of thousands that is what the garbage collector
 * then copies, and one long turn of the event loop.
 */
export class LongText {
  #pieces: Buffer[] = []

  /** Forgets what an encoding left behind that did not come to its end. */
  begin(): void {
    if (this.#pieces.length > 0) this.#pieces = []
  }

  /** To be called between the entries of a list. @returns what to append to from now on */
  spill(written: string): string {
    if (written.length < PIECE_LENGTH) return written
    this.#pieces.push(Buffer.from(written))
    return ''
  }

  /** @param written what was appended since the last `spill` */
  end(written: string): AnswerText {
    if (this.#pieces.length === 0) return written
    const all = [...this.#pieces, Buffer.from(written)]
    this.#pieces = []
    return all
  }
}
