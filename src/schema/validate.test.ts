import { describe, expect, it } from 'vitest'
import type { Reason } from '../server/contract/define-operation.js'
import { flag, integer, jsonList, jsonMap, optional, record, repeated, text } from './shape.js'
import { compileValidator, type FlawReason, type Values } from './validate.js'

const tag = record({
  Key: text('Key.', { minLength: 1, maxLength: 3 }),
  Value: optional(text('Value.', { maxLength: 3, pattern: '[a-z]*' })),
})

const validator = compileValidator({
  Kind: text('Kind.', { oneOf: ['One', 'Two'] }),
  Size: integer('Size.', { min: 2, max: 5 }),
  Ids: repeated('Ids.', text('Id.', { maxLength: 4 }), { min: 1, max: 2 }),
  Name: optional(text('Name.', { minLength: 2, maxLength: 4, pattern: '[a-z]+' })),
  Ready: optional(flag('Ready.')),
  Values: optional(jsonMap('Values.', { max: 1 })),
  Addresses: optional(jsonList('Addresses.', text('One.'), { max: 1 })),
  Tag: optional(repeated('Tags.', tag, { max: 2 })),
  Filter: optional(repeated('Filters.', record({ Key: text('Key.') }))),
  Place: optional(record({ Street: text('Street.', { maxLength: 2 }) })),
})

const nothing = new Map<string, FlawReason>()
const good: Values = { Kind: 'One', Size: 2, Ids: ['a'] }
const flawOf = (changes: Values, unreadable = nothing) => validator.findFlaw({ ...good, ...changes }, unreadable)

describe('validation', () => {
  it('finds nothing wrong with what its declaration allows', () => {
    expect(validator.findMissing(good, nothing)).toBeUndefined()
    const all = {
      Name: 'abcd',
      Ready: false,
      Values: new Map([['a', 1]]),
      Addresses: ['x'],
      Tag: [{ Key: 'a', Value: '' }, { Key: 'b' }],
      Place: { Street: 'ab' },
    }
    expect(flawOf(all)).toBeUndefined()
    expect(flawOf({ Size: 5, Ids: ['a', 'bbbb'], Name: 'ab' })).toBeUndefined()
  })

  it('names the first missing member in declaration order', () => {
    expect(validator.findMissing({}, nothing)).toBe('Kind/missing')
    expect(validator.findMissing({ Kind: 'One' }, nothing)).toBe('Size/missing')
    expect(validator.findMissing({ Kind: 'One', Size: 2 }, nothing)).toBe('Ids/missing')
  })

  it('takes a value that could not be read for one that was given', () => {
    const unreadable = new Map<string, FlawReason>([['Size', 'Size/malformed']])
    expect(validator.findMissing({ Kind: 'One', Ids: ['a'] }, unreadable)).toBeUndefined()
    expect(validator.findFlaw({ Kind: 'One', Ids: ['a'] }, unreadable)).toBe('Size/malformed')
    expect(validator.findFlaw({ Kind: 'Three', Ids: ['a'] }, unreadable)).toBe('Kind/unknown')
  })

  it('takes what was named without a usable value for missing', () => {
    const unreadable = new Map<string, FlawReason>([['Ids', 'Ids/missing']])
    expect(validator.findMissing({ Kind: 'One', Size: 2 }, unreadable)).toBe('Ids/missing')
  })

  const cases: readonly (readonly [FlawReason, Values])[] = [
    ['Kind/unknown', { Kind: 'one' }],
    ['Size/too-small', { Size: 1 }],
    ['Size/too-big', { Size: 6 }],
    ['Ids/too-few', { Ids: [] }],
    ['Ids/too-many', { Ids: ['a', 'b', 'c'] }],
    ['Ids/too-long', { Ids: ['a', 'bbbbb'] }],
    ['Name/too-short', { Name: 'a' }],
    ['Name/too-long', { Name: 'abcde' }],
    ['Name/malformed', { Name: 'ab1' }],
    ['Name/malformed', { Name: 'ab\n' }],
    [
      'Values/too-many',
      {
        Values: new Map([
          ['a', 1],
          ['b', 2],
        ]),
      },
    ],
    ['Addresses/too-many', { Addresses: ['x', 'y'] }],
    ['Tag/too-many', { Tag: [{ Key: 'a' }, { Key: 'b' }, { Key: 'c' }] }],
    ['Tag.Key/missing', { Tag: [{ Value: 'x' }] }],
    ['Tag.Key/missing', { Tag: [{ Value: 'TOO LONG AND MALFORMED' }] }],
    ['Tag.Key/too-long', { Tag: [{ Key: 'abcd' }] }],
    ['Tag.Value/malformed', { Tag: [{ Key: 'a', Value: 'X' }] }],
    ['Tag/duplicate', { Tag: [{ Key: 'a' }, { Key: 'a' }] }],
    ['Place.Street/missing', { Place: {} }],
    ['Place.Street/too-long', { Place: { Street: 'abc' } }],
  ]
  it.each(cases)('%s for %j', (reason, changes) => {
    expect(flawOf(changes)).toBe(reason)
  })

  it('counts characters, of which a string may hold one in two units, or bytes', () => {
    const lengths = compileValidator({
      Characters: optional(text('Characters.', { minLength: 2, maxLength: 3 })),
      Bytes: optional(text('Bytes.', { maxLength: 3, lengthIn: 'bytes' })),
    })
    const flaws = (values: Values) => lengths.findFlaw(values, nothing)
    expect(['😀😀😀', 'éé', 'a😀'].map((Characters) => flaws({ Characters }))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(['😀😀😀😀', 'abc😀', '\ud83d\ud83d\ud83d\ud83d'].map((Characters) => flaws({ Characters }))).toEqual([
      'Characters/too-long',
      'Characters/too-long',
      'Characters/too-long',
    ])
    expect(flaws({ Characters: '😀' })).toBe('Characters/too-short')
    expect(['abc', 'éa', '€'].map((Bytes) => flaws({ Bytes }))).toEqual([undefined, undefined, undefined])
    expect(['abcd', 'éé', '😀'].map((Bytes) => flaws({ Bytes }))).toEqual(Array(3).fill('Bytes/too-long'))
  })

  it('counts no white space where that only breaks lines, and elements that differ where only those count', () => {
    const lengths = compileValidator({
      Encoded: optional(text('Encoded.', { maxLength: 4, lengthIn: 'no-spaces' })),
      Ids: optional(repeated('Ids.', text('Id.'), { max: 2, counts: 'distinct' })),
    })
    const flaws = (values: Values) => lengths.findFlaw(values, nothing)
    expect(['YWJj', 'YW\r\nJj\n', ' \tY W J j \n\n'].map((Encoded) => flaws({ Encoded }))).toEqual(
      Array(3).fill(undefined),
    )
    expect(['YWJjZ', 'YW\nJj\nZ'].map((Encoded) => flaws({ Encoded }))).toEqual(Array(2).fill('Encoded/too-long'))
    expect(flaws({ Ids: ['a', 'b', 'a', 'b'] })).toBeUndefined()
    expect(flaws({ Ids: ['a', 'b', 'c'] })).toBe('Ids/too-many')
  })

  it('lets filters name one thing twice', () => {
    expect(flawOf({ Filter: [{ Key: 'a' }, { Key: 'a' }] })).toBeUndefined()
  })

  it('finds the first flaw in declaration order', () => {
    expect(flawOf({ Place: {}, Name: 'a', Size: 9 })).toBe('Size/too-big')
  })

  it('gives reasons that error tables can name', () => {
    const reason: Reason = flawOf({ Size: 9 }) ?? 'Size/too-big'
    expect(reason).toBe('Size/too-big')
  })
})
