/**
 * Text as databases and UTF-8 can hold it: a lone surrogate and NUL, which PostgreSQL refuses (design D3), become U+FFFD.
 */
export const wellFormed = (text: string): string => {
  const paired = LONE_SURROGATE.test(text) ? Buffer.from(text).toString() : text
  return paired.includes('\0') ? paired.replaceAll('\0', '\uFFFD') : paired
}

const LONE_SURROGATE = /\p{Surrogate}/u
