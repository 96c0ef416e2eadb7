// The strict encoding that both signatures are built from (rpc.md §1.3): unreserved characters stay, every other byte
// of the UTF-8 form becomes % and two upper-case hex digits.

const UNRESERVED = /^[A-Za-z0-9\-_.~]*$/
const LEFT_BY_JAVASCRIPT = /[!'()*]/g

const ESCAPES: Readonly<Record<string, string>> = { '!': '%21', "'": '%27', '(': '%28', ')': '%29', '*': '%2A' }

/** @param text without lone surrogates */
export const percentEncode = (text: string): string =>
  UNRESERVED.test(text)
    ? text
    : encodeURIComponent(text).replace(LEFT_BY_JAVASCRIPT, (character) => ESCAPES[character] ?? character)

/** Encoded and encoded again: what encoding left is unreserved, except its own percent signs. */
export const percentEncodeTwice = (text: string): string =>
  UNRESERVED.test(text) ? text : percentEncode(text).replaceAll('%', '%25')
