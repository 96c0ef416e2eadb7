import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FAULT_KINDS } from '../domain/faults.js'
import type { Fields } from '../../schema/shape.js'
import { operations } from './index.js'

const folder = new URL('.', import.meta.url)

const patternsOf = (fields: Fields): string[] =>
  Object.values(fields).flatMap((shape): string[] => {
    const inner = shape.kind === 'list' ? shape.of : shape
    if (inner.kind === 'record') return patternsOf(inner.fields)
    return inner.kind === 'text' && inner.pattern !== undefined ? [inner.pattern] : []
  })

describe('the list of operations', () => {
  it('holds every file that is named as an action', () => {
    const files = readdirSync(folder).filter((name) => /^[A-Z]\w+\.ts$/.test(name))
    expect(operations.map((operation) => `${operation.name}.ts`).sort()).toEqual(files.sort())
  })
})

describe.each(operations.map((operation) => [operation.name, operation] as const))('%s', (_name, operation) => {
  it('says why for each row that it never answers, and what leads to each other one', () => {
    for (const row of operation.errors) {
      const answered = row.when !== undefined || row.code === 'InternalError.Dispatch'
      expect(answered !== (row.note !== undefined), row.code).toBe(true)
    }
  })

  it('has one row for a reason', () => {
    const reasons = operation.errors.flatMap((row) => row.when ?? [])
    expect(reasons.filter((reason, at) => reasons.indexOf(reason) !== at)).toEqual([])
  })

  it('names only faults that the domain knows and parameters that it has', () => {
    for (const reason of operation.errors.flatMap((row) => row.when ?? [])) {
      const [subject = ''] = reason.split('/')
      if (/^[a-z]/.test(subject)) expect(FAULT_KINDS).toContain(reason)
      else expect(['RegionId', ...Object.keys(operation.request)]).toContain(subject.split('.')[0])
    }
  })

  it('can tell what a permission is needed for before anything was checked', () => {
    expect(operation.permission.resources({} as never).length).toBeGreaterThan(0)
  })

  it('has patterns that can be compiled', () => {
    for (const pattern of patternsOf(operation.request)) expect(() => new RegExp(`^(?:${pattern})$`, 'u')).not.toThrow()
  })
})
