/** What a codec made of something that a peer sent: a value, or a sentence about what is wrong with it. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

export const parsed = <T>(value: T): Parsed<T> => ({ ok: true, value })

export const malformed = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason })

/** Both directions of one text form. `encode` throws only on a value that its type forbids: a bug of the caller. */
export interface Codec<T> {
  encode(value: T): string
  decode(text: string): Parsed<T>
}
