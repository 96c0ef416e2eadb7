import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Fields,
  flag,
  flagText,
  integer,
  jsonList,
  jsonMap,
  optional,
  record,
  repeated,
  text,
  time,
} from '../../schema/shape.js'
import { compileParameters } from './parameters.js'

const tag = record({ Key: text('Key.'), Value: optional(text('Value.')) })
const read = compileParameters({
  Name: optional(text('Name.')),
  Size: optional(integer('Size.')),
  Ready: optional(flag('Ready.')),
  Online: optional(flagText('Online.')),
  Since: optional(time('Since.')),
  Values: optional(jsonMap('Values.')),
  Addresses: optional(jsonList('Addresses.', text('One.'))),
  InstanceId: optional(repeated('Ids.', text('Id.'))),
  TagKey: optional(repeated('Keys.', text('Key.'), { mayBeEmpty: true })),
  Port: optional(repeated('Ports.', integer('Port.'))),
  Tag: optional(repeated('Tags.', tag)),
  TagFilter: optional(
    repeated('Filters.', record({ TagKey: text('Key.'), TagValues: repeated('Values.', text('Value.')) })),
  ),
  Place: optional(record({ Street: text('Street.'), Floor: optional(integer('Floor.')) })),
})

const readPages = compileParameters({
  PageNumber: optional(integer('Page.', { ignoredWith: ['MaxResults', 'NextToken'] })),
  MaxResults: optional(integer('Rows.')),
  NextToken: optional(text('Where.')),
})

const given = (parameters: Record<string, string>) => read(new Map(Object.entries(parameters)))
const valuesOf = (parameters: Record<string, string>) => {
  const { values, unreadable, unknown } = given(parameters)
  expect([...unreadable]).toEqual([])
  expect(unknown).toBe(0)
  return values
}
const flawsOf = (parameters: Record<string, string>) => [...given(parameters).unreadable.values()]

describe('flat parameters', () => {
  it('become values of the declared kinds', () => {
    expect(
      valuesOf({
        Name: ' a ',
        Size: '-12',
        Ready: 'True',
        Online: 'false',
        Since: '2026-11-24T02:05:51Z',
        Values: '{"a":"b","n":1}',
        Addresses: '["x","y"]',
      }),
    ).toEqual({
      Name: ' a ',
      Size: -12,
      Ready: true,
      Online: false,
      Since: Date.UTC(2026, 10, 24, 2, 5, 51),
      Values: new Map<string, unknown>([
        ['a', 'b'],
        ['n', '1'],
      ]),
      Addresses: ['x', 'y'],
    })
  })

  it('become lists in the order of their indexes, whatever order and gaps they come in', () => {
    expect(
      valuesOf({ 'InstanceId.11': 'k', 'InstanceId.2': 'b', 'InstanceId.100000': 'z', 'InstanceId.1': 'a' }),
    ).toEqual({ InstanceId: ['a', 'b', 'k', 'z'] })
    expect(valuesOf({ 'Port.3': '3', 'Port.1': '1' })).toEqual({ Port: [1, 3] })
  })

  it('become records and lists of them, two levels deep', () => {
    expect(
      valuesOf({
        'Tag.2.Key': 'b',
        'Tag.1.Value': 'v',
        'Tag.1.Key': 'a',
        'TagFilter.1.TagKey': 'k',
        'TagFilter.1.TagValues.2': 'y',
        'TagFilter.1.TagValues.1': 'x',
        'Place.Street': 's',
        'Place.Floor': '3',
      }),
    ).toEqual({
      Tag: [{ Key: 'a', Value: 'v' }, { Key: 'b' }],
      TagFilter: [{ TagKey: 'k', TagValues: ['x', 'y'] }],
      Place: { Street: 's', Floor: 3 },
    })
  })

  it('may write members of a list with a small first letter', () => {
    expect(valuesOf({ 'Tag.1.key': 'a', 'Tag.1.value': 'v' })).toEqual({ Tag: [{ Key: 'a', Value: 'v' }] })
    expect(flawsOf({ 'Tag.1.key': 'a', 'Tag.1.Key': 'b' })).toEqual(['Tag/conflict'])
  })

  it('without a value are not given', () => {
    expect(
      valuesOf({
        Name: '',
        Size: '',
        Ready: '',
        Values: '',
        'Tag.1.Key': '',
        'Tag.1.Value': '',
        InstanceId: '',
        'Place.Street': '',
      }),
    ).toEqual({})
    expect(valuesOf({ 'InstanceId.1': '', 'InstanceId.2': 'b', 'Tag.1.Key': 'a', 'Tag.1.Value': '' })).toEqual({
      InstanceId: ['b'],
      Tag: [{ Key: 'a' }],
    })
  })

  it('may be integers of 64 bits, of which the large ones are all as large', () => {
    expect(valuesOf({ Size: '999999999999999' })).toEqual({ Size: 999_999_999_999_999 })
    expect(valuesOf({ Size: '9223372036854775807' })).toEqual({ Size: 999_999_999_999_999 })
    expect(valuesOf({ Size: '-9223372036854775808' })).toEqual({ Size: -999_999_999_999_999 })
  })

  it('that name a list and hold no element of it leave it missing', () => {
    expect(flawsOf({ InstanceId: 'i-a' })).toEqual(['InstanceId/missing'])
    expect(flawsOf({ 'InstanceId.1': '', 'InstanceId.2': '' })).toEqual(['InstanceId/missing'])
    expect(valuesOf({ InstanceId: 'i-a', 'InstanceId.1': 'i-b' })).toEqual({ InstanceId: ['i-b'] })
  })

  it('that are empty elements are not given, where a list may have none', () => {
    expect(valuesOf({ 'TagKey.1': '', 'TagKey.2': '' })).toEqual({})
    expect(valuesOf({ 'TagKey.1': '', 'TagKey.2': 'k' })).toEqual({ TagKey: ['k'] })
    expect(flawsOf({ TagKey: 'k' })).toEqual(['TagKey/missing'])
    expect(flawsOf({ TagKey: 'k', 'TagKey.1': '' })).toEqual(['TagKey/missing'])
  })

  it.each([
    [{ Size: '1.0' }, 'Size/malformed'],
    [{ Size: '1e3' }, 'Size/malformed'],
    [{ Size: '+1' }, 'Size/malformed'],
    [{ Size: '0x10' }, 'Size/malformed'],
    [{ Size: '007' }, 'Size/malformed'],
    [{ Size: ' 1' }, 'Size/malformed'],
    [{ Size: '92233720368547758070' }, 'Size/malformed'],
    [{ Ready: 'TRUE' }, 'Ready/malformed'],
    [{ Since: '2026-02-30T00:00:00Z' }, 'Since/malformed'],
    [{ Since: 'yesterday' }, 'Since/malformed'],
    [{ Values: '["a"]' }, 'Values/malformed'],
    [{ Values: "{'a':'b'}" }, 'Values/malformed'],
    [{ Values: 'null' }, 'Values/malformed'],
    [{ Values: '{"a":1,"a":2}' }, 'Values/duplicate'],
    [{ Values: '{"a":1,"\\u0061":2}' }, 'Values/duplicate'],
    [{ Values: '{"a":"\\u0000"}' }, 'Values/illegal-character'],
    [{ Values: '{"\\ud800":"a"}' }, 'Values/illegal-character'],
    [{ Values: `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}` }, 'Values/malformed'],
    [{ Addresses: '{}' }, 'Addresses/malformed'],
    [{ Addresses: '[1]' }, 'Addresses/malformed'],
    [{ Addresses: '["\\u0000"]' }, 'Addresses/illegal-character'],
    [{ 'InstanceId.0': 'a' }, 'InstanceId/malformed'],
    [{ 'InstanceId.01': 'a' }, 'InstanceId/malformed'],
    [{ 'InstanceId.-1': 'a' }, 'InstanceId/malformed'],
    [{ 'InstanceId.': 'a' }, 'InstanceId/malformed'],
    [{ 'InstanceId.1e3': 'a' }, 'InstanceId/malformed'],
    [{ 'InstanceId.100001': 'a' }, 'InstanceId/too-many'],
    [{ 'Port.1': 'x' }, 'Port/malformed'],
    [{ Tag: '[{"Key":"a"}]' }, 'Tag/malformed'],
    [{ 'Place.Street': 'a', 'Place.Floor': 'x' }, 'Place.Floor/malformed'],
  ])('%.60j: %s', (parameters, reason) => {
    expect(flawsOf(parameters as unknown as Record<string, string>)).toEqual([reason])
  })

  it('keep colons and brackets in texts of documents apart from its own', () => {
    expect(valuesOf({ Values: '{"a:b":"{\\"x\\":1}","c":{"d":1,"e":[2]}}' })).toEqual({
      Values: new Map<string, unknown>([
        ['a:b', '{"x":1}'],
        ['c', { d: '1', e: ['2'] }],
      ]),
    })
    expect(valuesOf({ Values: '{"__proto__":"x"}' })['Values']).toEqual(new Map([['__proto__', 'x']]))
  })

  it('hold numbers as they are written', () => {
    const numbers = '{"a":12345678901234567890,"b":1.0,"c":-2e+3,"d":"7","e":"\\"8"}'
    expect(valuesOf({ Values: numbers })['Values']).toEqual(
      new Map(Object.entries({ a: '12345678901234567890', b: '1.0', c: '-2e+3', d: '7', e: '"8' })),
    )
  })

  it('of a JSON body name a list beside its elements, and an empty list says nothing', () => {
    expect(valuesOf({ Tag: '[{"Key":"a"}]', 'Tag.1.Key': 'a' })).toEqual({ Tag: [{ Key: 'a' }] })
    expect(valuesOf({ Tag: '[]' })).toEqual({})
  })

  it('that every action takes are not counted, others are', () => {
    const common = {
      Action: 'x',
      OwnerId: '1',
      OwnerAccount: 'a',
      ResourceOwnerId: '2',
      ResourceOwnerAccount: 'b',
      RegionId: 'r',
      SourceIp: '::1',
      SecureTransport: 'true',
    }
    expect(given(common)).toEqual({ values: {}, unreadable: new Map(), unknown: 0 })
    const odd = {
      Foo: '1',
      'Foo.1': '1',
      'Tag.1': 'x',
      'Tag.1.Colour': 'x',
      'Tag.1.Key.1': 'x',
      'InstanceId.1.2': 'x',
      'Place.constructor': 'x',
      '': 'x',
      '.': 'x',
    }
    expect(given(odd)).toMatchObject({ values: {}, unknown: Object.keys(odd).length })
  })

  it('are never more than what was declared, and never throw', () => {
    const name = fc.oneof(
      fc.string(),
      fc.stringMatching(
        /^(InstanceId|Tag|TagFilter|Place|Port|Name|__proto__|constructor)(\.(\d{1,6}|Key|key|TagValues|Street|__proto__|toString)){0,4}$/,
      ),
    )
    const declared = new Set([
      'Name',
      'Size',
      'Ready',
      'Online',
      'Since',
      'Values',
      'Addresses',
      'InstanceId',
      'Port',
      'Tag',
      'TagFilter',
      'Place',
    ])
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), (pairs) => {
        const { values, unreadable } = read(new Map(pairs))
        for (const key of [...Object.keys(values), ...unreadable.keys()]) expect(declared.has(key)).toBe(true)
        for (const key of unreadable.keys()) expect(values).not.toHaveProperty(key)
      }),
      { numRuns: 500 },
    )
  })

  it('come back from any list of texts', () => {
    const fields: Fields = { InstanceId: repeated('Ids.', text('Id.')) }
    const readIds = compileParameters(fields)
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 30 }), (ids) => {
        const flat = new Map(ids.map((id, index) => [`InstanceId.${index + 1}`, id]).toReversed() as [string, string][])
        expect(readIds(flat).values).toEqual({ InstanceId: ids })
      }),
    )
  })
})

describe('a parameter that another one rules out', () => {
  const pages = (parameters: Record<string, string>) => {
    const { values, unreadable } = readPages(new Map(Object.entries(parameters)))
    return [values, [...unreadable.values()]]
  }

  it.each([
    [{ PageNumber: '0' }, { PageNumber: 0 }, []],
    [{ PageNumber: '0', MaxResults: '' }, { PageNumber: 0 }, []],
    [{ PageNumber: '0', MaxResults: '5' }, { MaxResults: 5 }, []],
    [{ NextToken: 'a', PageNumber: 'one' }, { NextToken: 'a' }, []],
    [{ PageNumber: '0', MaxResults: 'five' }, {}, ['MaxResults/malformed']],
  ])('counts as not sent: %j', (parameters, values, flaws) => {
    expect(pages(parameters)).toEqual([values, flaws])
  })
})

describe('a list that may stand under its bare name', () => {
  const readIds = compileParameters({ Id: optional(repeated('Ids.', text('Id.'), { bare: true })) })

  it.each([
    [{ Id: 'a' }, { Id: ['a'] }],
    [{ 'Id.1': 'a', 'Id.2': 'b' }, { Id: ['a', 'b'] }],
    // As a JSON body has it.
    [{ 'Id.1': 'a', Id: '["a"]' }, { Id: ['a'] }],
    [{ Id: '' }, {}],
    [{ Id: '[]' }, {}],
  ])('is a list of one: %j', (parameters, values) => {
    const found = readIds(new Map(Object.entries(parameters)))
    expect([found.values, [...found.unreadable.values()]]).toEqual([values, []])
  })
})
