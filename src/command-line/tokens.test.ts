import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { flag, type Options, text, texts } from './options.js'
import { tokensOf } from './tokens.js'

const declared: Options = {
  all: flag('all', { short: 'a' }),
  both: flag('both', { short: 'b' }),
  name: text('name', { short: 'n' }),
  tag: texts('tag'),
}

const word = fc.oneof(
  fc.constantFrom(
    '--',
    '-',
    '',
    '--all',
    '--all=',
    '--all=x',
    '--name',
    '--name=',
    '--name=a=b',
    '--tag',
    '--=',
    '--=x',
  ),
  fc.constantFrom(
    '-a',
    '-ab',
    '-abn',
    '-nab',
    '-n',
    '-n=x',
    '-abnvalue',
    '-x',
    '-xn',
    '-ax',
    '--unknown',
    '--unknown=1',
  ),
  fc.constantFrom('--toString', '--__proto__', '-1', '--no-all', 'plain', 'a=b'),
  // Not a dash among short options: the runtime takes it for `--`, here it is one that nobody declared.
  fc.string({ unit: fc.constantFrom('-', 'a', 'n', '=', 'z'), maxLength: 6 }).filter((text) => !/^-[^-].*-/.test(text)),
)

it('takes lines apart as the runtime does', () => {
  const options = Object.fromEntries(
    Object.entries(declared).map(([name, { kind, short }]) => [
      name,
      { type: kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: true, ...(short && { short }) },
    ]),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true })
      const expected = tokens.map((token) => {
        const { index: _, ...rest } = token
        return rest.kind === 'option' ? { ...rest, inlineValue: rest.inlineValue ?? false } : rest
      })
      expect([...tokensOf(declared, args)]).toEqual(expected)
    }),
    { numRuns: 5_000 },
  )
})
