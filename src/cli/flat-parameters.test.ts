import { describe, expect, it } from 'vitest'
import { flatForms, isFlatName, toFlatParameters } from './flat-parameters.js'
import type { SpecFields } from './spec.js'

const fields: SpecFields = {
  Name: { kind: 'text', about: '' },
  InstanceId: { kind: 'list', form: 'repeated', about: '', of: { kind: 'text', about: '' } },
  InstanceIds: { kind: 'list', form: 'json', about: '', of: { kind: 'text', about: '' } },
  Tag: {
    kind: 'list',
    form: 'repeated',
    about: '',
    of: { kind: 'record', about: '', fields: { Key: { kind: 'text', about: '' }, Value: { kind: 'text', about: '' } } },
  },
}

const flat = (...given: (readonly [string, ...string[]])[]) =>
  toFlatParameters(new Map(given.map(([name, ...values]) => [name, values])), fields)

describe('a flat name', () => {
  it('is a place in the parameters', () => {
    expect(
      ['Name', 'InstanceId', 'InstanceId.1', 'Tag.20.Key', 'InstanceIds'].filter((n) => !isFlatName(n, fields)),
    ).toEqual([])
    const wrong = [
      'name',
      'Name.1',
      'InstanceId.0',
      'InstanceId.x',
      'Tag',
      'Tag.1',
      'Tag.1.Kex',
      'Tag.Key',
      'InstanceIds.1',
    ]
    expect(wrong.filter((name) => isFlatName(name, fields))).toEqual([])
    expect(isFlatName('constructor', fields)).toBe(false)
  })

  it('is told in the help with N for a number', () => {
    expect(Object.entries(fields).flatMap(([name, shape]) => flatForms(name, shape).map((form) => form.name))).toEqual([
      'Name',
      'InstanceId',
      'InstanceIds',
      'Tag.N.Key',
      'Tag.N.Value',
    ])
  })
})

describe('parameters of the command line', () => {
  it('go over the wire as they are', () => {
    expect(flat(['Name', ''], ['InstanceId.2', 'b'], ['Tag.1.Key', 'k'])).toEqual([
      ['Name', ''],
      ['InstanceId.2', 'b'],
      ['Tag.1.Key', 'k'],
    ])
  })

  it('are numbered when a list is given by repetition', () => {
    expect(flat(['InstanceId', 'a', 'b'])).toEqual([
      ['InstanceId.1', 'a'],
      ['InstanceId.2', 'b'],
    ])
  })

  it('become a JSON array where the operation wants one', () => {
    expect(flat(['InstanceIds', 'a', 'b'])).toEqual([['InstanceIds', '["a","b"]']])
    expect(flat(['InstanceIds', 'a'])).toEqual([['InstanceIds', '["a"]']])
    expect(flat(['InstanceIds', '["a","b"]'])).toEqual([['InstanceIds', '["a","b"]']])
  })

  it('are refused when one value is given twice, or a list in two ways', () => {
    expect(() => flat(['Name', 'a', 'b'])).toThrow('--Name is given 2 times.')
    expect(() => flat(['InstanceId', 'a'], ['InstanceId.1', 'b'])).toThrow('two ways to write the same list')
  })
})
