import { describe, expect, it } from 'vitest'
import * as resources from './resource-ids.js'

describe('what a permission is checked for', () => {
  it('is each named instance once', () => {
    expect(resources.instances(['i-1', 'i-2', 'i-1'])).toEqual(['instance/i-1', 'instance/i-2'])
  })

  it('is every instance when none is named', () => {
    expect(resources.instances(undefined)).toEqual(['instance/*'])
    expect(resources.instances([])).toEqual(['instance/*'])
  })

  it('of a list of runs is what is named, and only else everything', () => {
    expect(resources.runs('i-1', undefined)).toEqual(['instance/i-1'])
    expect(resources.runs(undefined, 'c-1')).toEqual(['command/c-1'])
    expect(resources.runs('i-1', 'c-1')).toEqual(['instance/i-1', 'command/c-1'])
    expect(resources.runs(undefined, undefined)).toEqual(['instance/*', 'command/*'])
  })

  it('of tags is each resource that is named, whatever kind it is of', () => {
    expect(resources.tagged('managedinstance', ['mi-1', 'mi-1', 'mi-2'])).toEqual(['instance/mi-1', 'instance/mi-2'])
    expect(resources.tagged('command', undefined)).toEqual(['command/*'])
    expect(resources.tagged(undefined, undefined)).toEqual(['*/*'])
  })
})
