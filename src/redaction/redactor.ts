import { buildAutomaton, SHORTEST } from './automaton.js'

// Takes secrets out of a stream of bytes, wherever it is cut. What is kept back between two pieces is what may be the
// beginning of a secret, so no more than the longest of them; work is linear in what is written, whatever that is.

/** What stands for a secret. */
export const HIDDEN = '***'

/** A secret that is many lines is looked for line by line, too, as it is often written with other line ends or indented. */
const SHORTEST_LINE = 8

/** The end of what was written, which may be the beginning of a secret. */
export interface Held {
  readonly bytes: Uint8Array
  /** So many of them, from the beginning, belong to a secret that was hidden already. */
  readonly covered: number
}

export interface Redactor {
  /** @returns what can be told of all that was written so far */
  write(bytes: Uint8Array): Uint8Array
  /** @returns the rest: nothing more is written */
  end(): Uint8Array
  /** Undefined: nothing. */
  held(): Held | undefined
}

/** @param held what another one of the same secrets had, to go on from there */
export const createRedactor = (secrets: readonly string[], held?: Held): Redactor => {
  const automaton = buildAutomaton(patternsOf(secrets))
  let rest: Held = held ?? NOTHING

  return {
    write(bytes) {
      if (bytes.byteLength === 0) return new Uint8Array()
      const data = Buffer.concat([rest.bytes, bytes])
      const { hidden, open } = automaton.search(data, rest.covered)
      const cut = data.byteLength - open
      const told = tell(data, hidden, rest.covered, cut)
      // Nothing was told: what was marked before stays so.
      if (cut > 0) {
        const across = hidden.find(({ from, to }) => from < cut && to > cut)
        rest = { bytes: Buffer.from(data.subarray(cut)), covered: across === undefined ? 0 : across.to - cut }
      } else rest = { bytes: data, covered: rest.covered }
      return told
    },
    end() {
      const data = Buffer.from(rest.bytes)
      const { hidden } = automaton.search(data, rest.covered)
      const last = hidden.at(-1)?.to ?? 0
      // Somebody was interrupted while writing a secret.
      if (data.byteLength - last >= SHORTEST) hidden.push({ from: last, to: data.byteLength })
      const told = tell(data, hidden, rest.covered, data.byteLength)
      rest = NOTHING
      return told
    },
    held: () => (rest.bytes.byteLength === 0 ? undefined : rest),
  }
}

/** A text without secrets. */
export const redactText = (text: string, secrets: readonly string[]): string => {
  const redactor = createRedactor(secrets)
  return Buffer.concat([redactor.write(Buffer.from(text)), redactor.end()]).toString('utf8')
}

const NOTHING: Held = { bytes: new Uint8Array(), covered: 0 }

const patternsOf = (secrets: readonly string[]): readonly Uint8Array[] => {
  const texts = new Set<string>()
  for (const secret of secrets) {
    if (Buffer.byteLength(secret) >= SHORTEST) texts.add(secret)
    const lines = secret.split(/\r?\n/)
    if (lines.length === 1) continue
    for (const line of lines) if (Buffer.byteLength(line.trim()) >= SHORTEST_LINE) texts.add(line.trim())
  }
  return [...texts].map((text) => Buffer.from(text))
}

/** The bytes up to `cut`, with one mark for each that is hidden; what is covered was marked before. */
const tell = (
  data: Buffer,
  hidden: readonly { readonly from: number; readonly to: number }[],
  covered: number,
  cut: number,
): Uint8Array => {
  if (hidden.length === 0) return data.subarray(0, cut)
  const parts: Uint8Array[] = []
  let at = 0
  for (const { from, to } of hidden) {
    if (from >= cut) break
    parts.push(data.subarray(at, from))
    if (from > 0 || covered === 0) parts.push(Buffer.from(HIDDEN))
    at = Math.min(to, cut)
  }
  parts.push(data.subarray(at, cut))
  return Buffer.concat(parts)
}
