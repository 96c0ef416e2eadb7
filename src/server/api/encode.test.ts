import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  flag,
  flagText,
  flatList,
  integer,
  jsonMap,
  list,
  omitted,
  optional,
  record,
  text,
  time,
} from '../../schema/shape.js'
import { encodeError } from './encode-error.js'
import { compileJson } from './encode-json.js'
import { compileXml } from './encode-xml.js'
import type { AnswerText } from './long-text.js'
import { createTimeText } from './time-text.js'
import { WireError } from './wire-errors.js'

const require = createRequire(import.meta.url)
const xml2js = require('xml2js') as {
  parseString(text: string, options: object, done: (error: unknown, result: unknown) => void): void
}

/** Read by a parser that is not ours. */
const parseXml = (document: string): Record<string, unknown> => {
  let parsed: unknown
  xml2js.parseString(document, { explicitArray: false, emptyTag: '', strict: true }, (error, result) => {
    if (error !== null) throw error as Error
    parsed = result
  })
  return parsed as Record<string, unknown>
}

const FIELDS = {
  Name: text('Name.'),
  Note: optional(text('Note.')),
  Secret: omitted(text('Secret.')),
  Size: optional(integer('Size.')),
  Ready: optional(flag('Ready.')),
  Online: flagText('Online.'),
  At: optional(time('At.')),
  Since: optional(time('Since.', 'minute')),
  Values: optional(jsonMap('Values.')),
  Things: list('Things.', 'Thing', record({ Id: text('Id.'), Labels: list('Labels.', 'Label', text('Label.')) })),
  Bare: optional(flatList('Bare.', record({ Id: text('Id.') }))),
  Tags: omitted(list('Tags.', 'Tag', text('Tag.'))),
  Place: optional(record({ Street: text('Street.'), Rooms: list('Rooms.', 'Room', integer('Room.')) })),
}

const json = compileJson(FIELDS)
const xml = compileXml('DescribeThings', FIELDS)
const ID = '473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E'
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
const AT = Date.UTC(2026, 10, 24, 2, 5, 51, 999)

const textOf = (written: AnswerText): string =>
  typeof written === 'string' ? written : Buffer.concat(written).toString()

const FULL = {
  Name: 'a<b>&"c"',
  Note: 'line\r\nnext\ttab 中文 😀',
  Secret: 's',
  Size: 0,
  Ready: false,
  Online: true,
  At: AT,
  Since: AT,
  Values: new Map([['a', 'b']]),
  Things: [
    { Id: '1', Labels: ['x', 'y'] },
    { Id: '2', Labels: [] },
  ],
  Bare: [{ Id: '1' }, { Id: '2' }],
  Tags: ['t'],
  Place: { Street: 's', Rooms: [1] },
}

describe('answers', () => {
  it('in JSON hold every member in declared order, RequestId first', () => {
    expect(json(FULL, ID)).toBe(
      JSON.stringify({
        RequestId: ID,
        Name: 'a<b>&"c"',
        Note: FULL.Note,
        Secret: 's',
        Size: 0,
        Ready: false,
        Online: 'true',
        At: '2026-11-24T02:05:51Z',
        Since: '2026-11-24T02:05Z',
        Values: '{"a":"b"}',
        Things: {
          Thing: [
            { Id: '1', Labels: { Label: ['x', 'y'] } },
            { Id: '2', Labels: { Label: [] } },
          ],
        },
        Bare: [{ Id: '1' }, { Id: '2' }],
        Tags: { Tag: ['t'] },
        Place: { Street: 's', Rooms: { Room: [1] } },
      }),
    )
  })

  it('in XML hold the same, lists repeated inside their wrapper or bare', () => {
    expect(xml(FULL, ID)).toBe(
      `${HEAD}<DescribeThingsResponse><RequestId>${ID}</RequestId><Name>a&lt;b&gt;&amp;"c"</Name>` +
        '<Note>line&#xD;\nnext\ttab 中文 😀</Note><Secret>s</Secret><Size>0</Size><Ready>false</Ready><Online>true</Online>' +
        '<At>2026-11-24T02:05:51Z</At><Since>2026-11-24T02:05Z</Since><Values>{"a":"b"}</Values>' +
        '<Things><Thing><Id>1</Id><Labels><Label>x</Label><Label>y</Label></Labels></Thing><Thing><Id>2</Id><Labels></Labels></Thing></Things>' +
        '<Bare><Id>1</Id></Bare><Bare><Id>2</Id></Bare><Tags><Tag>t</Tag></Tags>' +
        '<Place><Street>s</Street><Rooms><Room>1</Room></Rooms></Place></DescribeThingsResponse>',
    )
  })

  it('without values hold empty texts and wrappers, and leave numbers, flags and omitted members out', () => {
    const bare = { Name: '', Online: false, Things: [], Size: null }
    expect(JSON.parse(textOf(json(bare, ID)))).toEqual({
      RequestId: ID,
      Name: '',
      Note: '',
      Online: 'false',
      At: '',
      Since: '',
      Values: '',
      Things: { Thing: [] },
      Bare: [],
      Place: { Street: '', Rooms: { Room: [] } },
    })
    expect(xml(bare, ID)).toBe(
      `${HEAD}<DescribeThingsResponse><RequestId>${ID}</RequestId><Name></Name><Note></Note><Online>false</Online><At></At>` +
        '<Since></Since><Values></Values><Things></Things><Place><Street></Street><Rooms></Rooms></Place></DescribeThingsResponse>',
    )
  })

  it('put the RequestId where it is declared', () => {
    const fields = { Name: text('Name.'), RequestId: text('Id.') }
    expect(compileJson(fields)({ Name: 'a' }, ID)).toBe(`{"Name":"a","RequestId":"${ID}"}`)
    expect(compileXml('A', fields)({ Name: 'a' }, ID)).toBe(
      `${HEAD}<AResponse><Name>a</Name><RequestId>${ID}</RequestId></AResponse>`,
    )
  })

  it('that are long are the same, as bytes', () => {
    const things = Array.from({ length: 5_000 }, (_, index) => ({ Id: `中文 😀 ${index}`, Labels: ['é', 'ü'] }))
    const whole = json({ Name: '', Online: true, Things: things }, ID)
    expect(whole).toBeInstanceOf(Array)
    const read = JSON.parse(textOf(whole)) as { RequestId: string; Things: { Thing: unknown[] }; Bare: unknown[] }
    expect(read.Things.Thing).toEqual(things.map(({ Id, Labels }) => ({ Id, Labels: { Label: Labels } })))
    expect(read).toMatchObject({ RequestId: ID, Bare: [] })
    const document = xml({ Name: '', Online: true, Things: things }, ID)
    expect(document).toBeInstanceOf(Array)
    const root = parseXml(textOf(document))['DescribeThingsResponse'] as { Things: { Thing: unknown[] } }
    expect(root.Things.Thing).toEqual(things.map(({ Id, Labels }) => ({ Id, Labels: { Label: Labels } })))
  })

  it('hold nothing of one before them that could not be written to its end', () => {
    const short = { Name: 'short', Online: true, Things: [] }
    const broken = Array.from({ length: 5_000 }, (_, index) => ({
      Id: String(index),
      get Labels(): string[] {
        if (index === 4_999) throw new Error('no labels')
        return []
      },
    }))
    for (const encode of [json, xml]) {
      const before = encode(short, ID)
      expect(() => encode({ ...short, Things: broken }, ID)).toThrow('no labels')
      expect(encode(short, ID)).toBe(before)
    }
  })

  it('of an operation that answers nothing are its RequestId', () => {
    expect(compileJson({})(undefined, ID)).toBe(`{"RequestId":"${ID}"}`)
    expect(compileXml('A', {})({}, ID)).toBe(`${HEAD}<AResponse><RequestId>${ID}</RequestId></AResponse>`)
  })

  it('survive any text: JSON exactly, XML but for what it has no way to say', () => {
    const fields = { Name: text('Name.') }
    const toJson = compileJson(fields)
    const toXml = compileXml('A', fields)
    const said = (value: string) =>
      Array.from(value)
        .map((one) => (/[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(one) ? one : '\ufffd'))
        .join('')
    const any = fc.string({
      unit: fc.oneof(
        fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
        fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      ),
    })
    fc.assert(
      fc.property(any, (value) => {
        expect((JSON.parse(textOf(toJson({ Name: value }, ID))) as { Name: string }).Name).toBe(
          value.replace(/\p{Surrogate}/gu, '\ufffd'),
        )
        const document = textOf(toXml({ Name: value }, ID))
        const root = parseXml(document)['AResponse'] as { Name: string }
        expect(root.Name).toBe(said(value))
      }),
      { numRuns: 2_000 },
    )
  })

  it('are read back from XML as they are from JSON', () => {
    const root = parseXml(textOf(xml(FULL, ID)))['DescribeThingsResponse'] as Record<string, unknown>
    expect(root).toMatchObject({ RequestId: ID, Note: FULL.Note, Bare: [{ Id: '1' }, { Id: '2' }] })
    expect(root['Things']).toEqual({
      Thing: [
        { Id: '1', Labels: { Label: ['x', 'y'] } },
        { Id: '2', Labels: '' },
      ],
    })
  })
})

describe('times', () => {
  it('are written in UTC, whatever day came before', () => {
    const toSecond = createTimeText('second')
    for (const at of [0, AT, 0, -1, AT + 86_400_000, Date.UTC(2024, 1, 29, 23, 59, 59), Date.UTC(9999, 11, 31)]) {
      expect(toSecond(at)).toBe(`${new Date(at).toISOString().slice(0, 19)}Z`)
    }
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(Date.UTC(9999, 0)), noInvalidDate: true }), (date) => {
        expect(toSecond(date.getTime())).toBe(`${date.toISOString().slice(0, 19)}Z`)
        expect(createTimeText('minute')(date.getTime())).toBe(`${date.toISOString().slice(0, 16)}Z`)
      }),
    )
  })

  it('that are none are empty', () => {
    expect(createTimeText('second')(Number.NaN)).toBe('')
    expect(createTimeText('second')(Number.POSITIVE_INFINITY)).toBe('')
  })
})

describe('errors', () => {
  const place = { requestId: ID, host: 'ecs.example', recommend: 'https://docs.example/?q=A&b=c' }
  const detail = { AccessDeniedDetail: { AuthAction: 'ecs:RunCommand' } }
  const error = new WireError({ code: 'Some.Code', status: 400, message: 'a < %s & "c"' }, ['b'], { detail })

  it('have five texts and an object of details, in JSON', () => {
    expect(JSON.parse(encodeError(error, 'json', place))).toEqual({
      RequestId: ID,
      HostId: 'ecs.example',
      Code: 'Some.Code',
      Message: 'a < b & "c"',
      Recommend: 'https://docs.example/?q=A&b=c',
      ...detail,
    })
  })

  it('have the same in XML', () => {
    expect(encodeError(error, 'xml', place)).toBe(
      `${HEAD}<Error><RequestId>${ID}</RequestId><HostId>ecs.example</HostId><Code>Some.Code</Code><Message>a &lt; b &amp; "c"</Message>` +
        '<Recommend>https://docs.example/?q=A&amp;b=c</Recommend><AccessDeniedDetail><AuthAction>ecs:RunCommand</AuthAction></AccessDeniedDetail></Error>',
    )
  })
})
