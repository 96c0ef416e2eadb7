// A case for everything that is declared. What has none is in without-a-case.json with a reason; the list may only
// shrink, so a line that is not needed fails too.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ErrorRow } from '../../src/server/contract/define-operation.js'
import { operations } from '../../src/server/operations/index.js'
import { type Case, readCases } from './cases.js'

interface Uncovered {
  readonly operation: string
  readonly error: string
  readonly reason: string
}

/** How many lines the list may have. Lower it with the list; never raise it. */
const MOST_UNCOVERED = 0

const uncovered = JSON.parse(
  readFileSync(new URL('without-a-case.json', import.meta.url), 'utf8'),
) as readonly Uncovered[]
const cases = readCases()

const answers = (row: ErrorRow, { answer }: Case): boolean => {
  const { Code, Message } = answer.body as { readonly Code?: string; readonly Message?: string }
  const [before = '', after] = row.message.split('%s')
  const said =
    after === undefined
      ? Message === row.message
      : Message?.startsWith(before) === true && Message.endsWith(after) && Message.length > row.message.length - 2
  return answer.status === row.status && Code === row.code && said
}

const withoutCase = operations.flatMap((operation) =>
  operation.errors
    .filter((row) => row.note === undefined)
    .filter((row) => !(cases.get(operation.name) ?? []).some((one) => answers(row, one)))
    .map((row) => `${operation.name} ${row.code}: ${row.message}`),
)

describe('the cases', () => {
  it('are of operations that exist', () => {
    const names = operations.map((operation) => operation.name)
    expect([...cases.keys()].filter((action) => !names.includes(action))).toEqual([])
  })

  it.each(operations.map((operation) => operation.name))('hold an answer of %s', (name) => {
    expect(cases.get(name)?.some((one) => one.answer.status === 200)).toBe(true)
  })

  it('hold every declared error but those that are listed', () => {
    expect(withoutCase.sort()).toEqual(uncovered.map((line) => `${line.operation} ${line.error}`).sort())
    expect(uncovered.filter((line) => line.reason.trim() === '')).toEqual([])
  })

  it('are missing for ever less', () => {
    expect(uncovered.length).toBeLessThanOrEqual(MOST_UNCOVERED)
  })

  it('have titles that tell them apart', () => {
    for (const [action, list] of cases) {
      const titles = list.map((one) => one.title)
      expect(
        titles.filter((title, at) => titles.indexOf(title) !== at),
        action,
      ).toEqual([])
    }
  })
})
