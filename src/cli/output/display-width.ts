// How many columns of a terminal a text takes: East Asian wide characters and emoji take two, combining marks none.

const WIDE = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
] as const

const widthOfCharacter = (character: string): number => {
  const code = character.codePointAt(0) ?? 0
  const joins = (code >= 0x200b && code <= 0x200d) || (code >= 0xfe00 && code <= 0xfe0f)
  if (joins || /\p{Mn}|\p{Me}/u.test(character)) return 0
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1
}

/** Columns that a text without control characters takes. */
export const displayWidth = (text: string): number => {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOfCharacter(character)
  return width
}

/** The text in at most so many columns; what was cut off is marked with `…`. */
export const cutToWidth = (text: string, columns: number): string => {
  if (displayWidth(text) <= columns) return text
  let answer = ''
  let width = 1
  for (const character of text) {
    width += widthOfCharacter(character)
    if (width > columns) break
    answer += character
  }
  return columns < 1 ? '' : `${answer}…`
}

export const padToWidth = (text: string, columns: number, align: 'left' | 'right' = 'left'): string => {
  const padding = ' '.repeat(Math.max(0, columns - displayWidth(text)))
  return align === 'left' ? text + padding : padding + text
}
