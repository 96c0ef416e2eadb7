import { describe, expect, it } from 'vitest'
import { objectOf, outputUri, parseOutputAddress } from './output-address.js'

describe('an address', () => {
  it.each([
    ['oss://testBucket/testPrefix', 'testBucket', ['testPrefix']],
    ['oss://b/', 'b', []],
    ['oss://b', 'b', []],
    ['oss://b/a/b c/ü/', 'b', ['a', 'b c', 'ü']],
    ['oss://b/..a/b..', 'b', ['..a', 'b..']],
    [`oss://b/${'x'.repeat(255)}`, 'b', ['x'.repeat(255)]],
  ])('%s names a place', (text, bucket, prefix) => {
    expect(parseOutputAddress(text)).toEqual({ bucket, prefix })
  })

  it.each([
    '',
    'oss://',
    'oss:///a',
    's3://b/a',
    'OSS://b/a',
    'oss://../a',
    'oss://b/..',
    'oss://b/a/../../etc',
    'oss://b/./a',
    'oss://b//etc/passwd',
    'oss://b/a//b',
    'oss://b/a//',
    'oss://b/a\\..\\b',
    'oss://b/a\u0000b',
    'oss://b/a\nb',
    'oss://b/a\u202eb',
    'oss://b/\ud800',
    `oss://b/${'x'.repeat(256)}`,
    `oss://b/${'ü'.repeat(128)}`,
    `oss://b/${'xxxxxxxxx/'.repeat(81)}`,
  ])('%j names none', (text) => {
    expect(parseOutputAddress(text)).toBeUndefined()
  })
})

describe('an object', () => {
  it('is named by what ran where, and by its start where it runs more than once', () => {
    expect(objectOf('t-1', 'mi-1', 0)).toEqual(['t-1', 'mi-1', 'output.txt'])
    expect(objectOf('t-1', 'mi-1', Date.UTC(2026, 0, 15, 12))).toEqual([
      't-1',
      'mi-1',
      'output-20260115T120000.000Z.txt',
    ])
    expect(objectOf('t-1', 'mi-1', Number.MAX_SAFE_INTEGER).at(-1)).toBe('output-9007199254740991.txt')
  })

  it('is told with its address', () => {
    expect(outputUri({ bucket: 'b', prefix: ['a', 'c'] }, ['t-1', 'mi-1', 'output.txt'])).toBe(
      'oss://b/a/c/t-1/mi-1/output.txt',
    )
  })
})
