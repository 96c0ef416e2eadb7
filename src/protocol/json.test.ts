import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flag, integer, jsonMap, optional, text } from '../schema/shape.js'
import { defineJson, recordsOf } from './json.js'

const document = defineJson({
  code: integer('A number.', { min: 0 }),
  name: text('A text.', { maxLength: 8 }),
  good: flag('A flag.'),
  items: recordsOf('Items.', { id: text('An id.', { minLength: 1 }) }, 3),
  values: optional(jsonMap('Values.', { max: 2 })),
})

const zero = { code: 0, name: '', good: false, items: [] }

describe('a JSON document', () => {
  it('reads absent members and null as the zero of their type, and ignores unknown ones', () => {
    expect(document.decode('{}')).toEqual({ ok: true, value: zero })
    expect(document.decode('{"code":null,"name":null,"good":null,"items":null,"values":null,"more":[{}]}')).toEqual({
      ok: true,
      value: zero,
    })
  })

  it('writes exactly its members, in order', () => {
    expect(document.encode({ ...zero, code: 200, values: new Map([['a', 'b']]) })).toBe(
      '{"code":200,"name":"","good":false,"items":[],"values":{"a":"b"}}',
    )
  })

  it.each([
    ['{"code":"200"}', 'code is not a number in its range'],
    ['{"code":1.5}', 'code is not a number in its range'],
    ['{"code":-1}', 'code is not a number in its range'],
    ['{"name":1}', 'name is not a text'],
    ['{"name":"123456789"}', 'name is longer than 8 characters'],
    ['{"good":"true"}', 'good is neither true nor false'],
    ['{"items":{}}', 'items is not a list'],
    ['{"items":[{},{}]}', 'id is missing'],
    ['{"items":[1]}', 'items is not an object'],
    ['{"items":[{"id":"1"},{"id":"1"},{"id":"1"},{"id":"1"}]}', 'items has too many entries'],
    ['{"values":{"a":1}}', 'values holds more than texts'],
    ['{"values":{"a":"","b":"","c":""}}', 'values has too many members'],
    ['{"values":[]}', 'values is not an object'],
    ['[]', 'the document is not an object'],
    ['null', 'the document is not an object'],
    ['{', 'the document is not JSON'],
    ['', 'the document is not JSON'],
  ])('%s is refused with a reason', (raw, reason) => {
    expect(document.decode(raw)).toEqual({ ok: false, reason })
  })

  it('cannot be written with a value that its declared types forbid (trap 9)', () => {
    expect(() => document.encode({ ...zero, code: Number.NaN })).toThrow(TypeError)
    expect(() => document.encode({ ...zero, code: 1.5 })).toThrow(TypeError)
    expect(() => document.encode({ ...zero, code: '1' as unknown as number })).toThrow(TypeError)
    expect(() => document.encode({ ...zero, name: 'too long for it' })).toThrow(TypeError)
  })

  it('holds neither NUL nor a lone surrogate afterwards', () => {
    expect(document.decode('{"name":"a\\u0000b\\ud800"}')).toEqual({
      ok: true,
      value: { ...zero, name: 'a\uFFFDb\uFFFD' },
    })
  })

  it('is not fooled by members of Object', () => {
    expect(document.decode('{"__proto__":{"code":1},"constructor":1}')).toEqual({ ok: true, value: zero })
  })

  it('never throws on what a peer sent, however deep', () => {
    fc.assert(fc.property(fc.json(), (raw) => void document.decode(raw)))
    fc.assert(fc.property(fc.string(), (raw) => void document.decode(raw)))
    expect(document.decode(`{"items":${'['.repeat(50_000)}`)).toMatchObject({ ok: false })
    expect(document.decode(`{"items":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)).toMatchObject({ ok: false })
  })
})
