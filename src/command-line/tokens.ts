import type { Options } from './options.js'

/** A piece of a command line. */
export type Token =
  | {
      readonly kind: 'option'
      /** The long name, or the letter of a short option that nobody declared. */
      readonly name: string
      /** As it was written: `--name`, `-n`. */
      readonly rawName: string
      readonly value: string | undefined
      /** The value was written to the name: `--name=value`, `-nvalue`. */
      readonly inlineValue: boolean
    }
  | { readonly kind: 'positional'; readonly value: string }
  | { readonly kind: 'option-terminator' }

/**
 * Takes a command line apart as `parseArgs` of `node:util` does when it is not strict, which a test holds it to. That
 * one cannot be loaded without the rest of `node:util`: 1.2 MB of an idle agent's memory on Node 24.
 */
export function* tokensOf(declared: Options, argv: readonly string[]): Generator<Token> {
  const byLetter = new Map(Object.entries(declared).flatMap(([name, { short }]) => (short ? [[short, name]] : [])))
  const takesValue = (name: string): boolean => Object.hasOwn(declared, name) && declared[name]?.kind !== 'flag'
  const waiting = [...argv]
  for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
    if (word === '--') {
      yield { kind: 'option-terminator' }
      for (const value of waiting) yield { kind: 'positional', value }
      return
    }
    if (word.startsWith('--')) {
      const equals = word.includes('=', 3) ? word.indexOf('=') : -1
      const rawName = equals === -1 ? word : word.slice(0, equals)
      const name = rawName.slice(2)
      const value = equals === -1 ? (takesValue(name) ? waiting.shift() : undefined) : word.slice(equals + 1)
      yield { kind: 'option', name, rawName, value, inlineValue: equals !== -1 }
    } else if (word.startsWith('-') && word.length > 1) {
      const letter = word.charAt(1)
      const name = byLetter.get(letter) ?? letter
      const rest = word.slice(2)
      const isInline = rest !== '' && takesValue(name)
      const value = isInline ? rest : takesValue(name) ? waiting.shift() : undefined
      yield { kind: 'option', name, rawName: `-${letter}`, value, inlineValue: isInline }
      // Flags written together: -ab is -a -b.
      if (rest !== '' && !isInline) waiting.unshift(`-${rest}`)
    } else {
      yield { kind: 'positional', value: word }
    }
  }
}
