// What is derived from the declarations and committed is what the declarations say.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { operations } from '../../src/server/operations/index.js'
import { readExamples } from '../../tools/generate/examples.js'
import { openApi } from '../../tools/generate/openapi.js'
import { operationsJson } from '../../tools/generate/operations-json.js'
import { commonErrorsPage, indexPage, referencePage } from '../../tools/generate/reference-pages.js'

const root = new URL('../../', import.meta.url)
const committed = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const cases = fileURLToPath(new URL('test/conformance/cases', root))

describe('generated files', () => {
  it('are the specification of the operations', () => {
    expect(committed('spec/operations.json')).toBe(operationsJson(operations))
    expect(committed('spec/openapi.json')).toBe(openApi(operations))
  })

  it('are a page for each operation, and no other', () => {
    const pages = readdirSync(new URL('docs/reference/', root))
    expect(pages.sort()).toEqual(
      ['index.md', 'common-errors.md', ...operations.map((operation) => `${operation.name}.md`)].sort(),
    )
    expect(committed('docs/reference/index.md')).toBe(indexPage(operations))
    expect(committed('docs/reference/common-errors.md')).toBe(commonErrorsPage())
  })

  it.each(operations.map((operation) => [operation.name, operation] as const))('hold the page of %s', (name, one) => {
    expect(committed(`docs/reference/${name}.md`)).toBe(referencePage(one, readExamples(cases, name)))
  })
})
