import type { Clock, Ids } from './clock.js'

/** Crockford's letters: no I, L, O, U; digits before letters, so that ids sort by the time in them. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_LETTERS = 11
const RANDOM_LETTERS = 9

/**
 * Ids that sort by when they were made: a prefix, the short code of newer samples (api.md §2.1), eleven letters of time,
 * nine of chance.
 * @param random bytes of that length
 */
export const timeOrderedIds = (clock: Clock, random: (bytes: number) => Uint8Array, uuid: () => string): Ids => {
  let last = 0
  return {
    next(prefix) {
      // Ids made in one millisecond still sort by when they were made.
      last = Math.max(last + 1, clock.now() * 1_000)
      return `${prefix}-hz0${timePart(last)}${randomPart(random(RANDOM_LETTERS))}`
    },
    uuid,
    activationCode: () => `a-hz0${randomPart(random(29))}`,
  }
}

const timePart = (microseconds: number): string => {
  let rest = microseconds
  let text = ''
  for (let place = 0; place < TIME_LETTERS; place += 1) {
    text = `${LETTERS[rest % 32]}${text}`
    rest = Math.floor(rest / 32)
  }
  return text
}

const randomPart = (bytes: Uint8Array): string => Array.from(bytes, (byte) => LETTERS[byte % 32]).join('')
