// What a host supplied may hold bytes that move the cursor, recolour the screen, or reorder what is read. It is shown,
// never obeyed (design D13).

/** C1 controls, direction overrides, line separators, tags and the like: invisible, or they change what is around them. */
const isUnsafe = (code: number): boolean =>
  code < 0x20 ||
  (code >= 0x7f && code <= 0x9f) ||
  code === 0xad ||
  code === 0x61c ||
  code === 0x200e ||
  code === 0x200f ||
  (code >= 0x2028 && code <= 0x202e) ||
  (code >= 0x2066 && code <= 0x206f) ||
  code === 0xfeff ||
  (code >= 0xfff9 && code <= 0xfffb) ||
  (code >= 0xd800 && code <= 0xdfff) ||
  (code >= 0xe0000 && code <= 0xe007f)

const escaped = (code: number): string => {
  if (code === 0x0a) return '\\n'
  if (code === 0x0d) return '\\r'
  if (code === 0x09) return '\\t'
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`
}

const mapUnsafe = (text: string, keep: (code: number) => boolean, write: (code: number) => string): string => {
  let answer = ''
  let copied = 0
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at) ?? 0
    const length = code > 0xffff ? 2 : 1
    if (isUnsafe(code) && !keep(code)) {
      answer += text.slice(copied, at) + write(code)
      copied = at + length
    }
    at += length
  }
  return copied === 0 ? text : answer + text.slice(copied)
}

/** For one line: every control character becomes visible text, line ends and tabs too. */
export const escapeControl = (text: string): string => mapUnsafe(text, () => false, escaped)

/** For output of several lines: line ends (also CRLF) and tabs stay, everything else becomes visible text. */
export const escapeControlKeepingLines = (text: string): string =>
  mapUnsafe(text.replaceAll('\r\n', '\n'), (code) => code === 0x0a || code === 0x09, escaped)

/** For JSON text: the same document, safe to show; JSON's own line ends and spaces stay. */
export const escapeControlInJson = (json: string): string =>
  mapUnsafe(
    json,
    (code) => code === 0x0a || code === 0x0d || code === 0x09,
    (code) => [...utf16(code)].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  )

/** For XML text: the same document, safe to show, by character references. What XML forbids becomes visible text. */
export const escapeControlInXml = (xml: string): string =>
  mapUnsafe(
    xml,
    (code) => code === 0x0a || code === 0x0d || code === 0x09,
    (code) => (code < 0x20 || (code >= 0xd800 && code <= 0xdfff) ? escaped(code) : `&#x${code.toString(16)};`),
  )

const utf16 = (code: number): string[] => {
  const text = String.fromCodePoint(code)
  return Array.from({ length: text.length }, (_, index) => text.charAt(index))
}
