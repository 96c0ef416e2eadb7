import { describe, expect, it } from 'vitest'
import { FINAL, isFinal, move, type TaskEvent, type TaskState, UNFINISHED } from './task-states.js'

const EVENTS: readonly TaskEvent[] = [
  'released',
  'queued',
  'refused',
  'handed-out',
  'scheduled',
  'run-ended',
  'never-ran',
  'missed-run',
  'added-pending',
  'added-scheduled',
  'added-aborted',
  'added-invalid',
  'running',
  'finish-0',
  'finish-other',
  'timeout',
  'error',
  'invalid',
  'stopped',
  'stop-requested',
  'not-delivered',
  'lost',
]

/** What each event makes of an unfinished task (api.md §8.2, design §5); `·`: nothing. Rows are events. */
const STATES = ['Waiting', 'Queued', 'Pending', 'HandedOut', 'Scheduled', 'Running', 'Stopping'] as const
const TABLE = `
  released        Pending    Pending    ·          ·          ·          ·          ·
  queued          Queued     Queued     Queued     ·          ·          ·          ·
  refused         Invalid    Invalid    ·          ·          ·          ·          ·
  handed-out      ·          ·          HandedOut  HandedOut  HandedOut  ·          ·
  scheduled       Scheduled  Scheduled  Scheduled  ·          Scheduled  ·          ·
  run-ended       ·          ·          Scheduled  Scheduled  Scheduled  Scheduled  Stopping
  never-ran       ·          ·          ·          ·          Cancelled  ·          Cancelled
  missed-run      ·          ·          ·          ·          ·          ·          ·
  added-pending   ·          ·          ·          ·          ·          ·          ·
  added-scheduled ·          ·          ·          ·          ·          ·          ·
  added-aborted   ·          ·          ·          ·          ·          ·          ·
  added-invalid   ·          ·          ·          ·          ·          ·          ·
  running         ·          ·          Running    Running    Running    Running    Stopping
  finish-0        ·          ·          Success    Success    Success    Success    Success
  finish-other    ·          ·          Failed     Failed     Failed     Failed     Failed
  timeout         ·          ·          Timeout    Timeout    Timeout    Timeout    Timeout
  error           ·          ·          Error      Error      Error      Error      Error
  invalid         ·          ·          Invalid    Invalid    Invalid    Invalid    Invalid
  stopped         ·          ·          Terminated Terminated Terminated Terminated Terminated
  stop-requested  Cancelled  Cancelled  Cancelled  Stopping   Stopping   Stopping   Stopping
  not-delivered   Aborted    Aborted    Aborted    ·          Aborted    ·          ·
  lost            ·          ·          Error      Error      Error      Error      Error`

const ROWS = TABLE.trim()
  .split('\n')
  .flatMap((line) => {
    const [event = '', ...next] = line.trim().split(/\s+/)
    return STATES.map((state, at) => [state, event as TaskEvent, next[at] ?? ''] as const)
  })

describe('a task that is not over', () => {
  it.each(ROWS)('%s ── %s ──► %s', (state, event, next) => {
    expect(move(state, false, event) ?? '·').toBe(next)
  })

  it('has a row for every state and event', () => {
    expect([...STATES].toSorted()).toEqual([...UNFINISHED].toSorted())
    expect([...new Set(ROWS.map(([, event]) => event))].toSorted()).toEqual(EVENTS.toSorted())
    expect(ROWS).toHaveLength(STATES.length * EVENTS.length)
    expect(
      ROWS.filter(([, , next]) => next !== '·' && !([...UNFINISHED, ...FINAL] as string[]).includes(next)),
    ).toEqual([])
  })
})

/** Real results, and what they make of an end that was assumed. */
const RESULTS: readonly (readonly [TaskEvent, TaskState])[] = [
  ['finish-0', 'Success'],
  ['finish-other', 'Failed'],
  ['timeout', 'Timeout'],
  ['error', 'Error'],
  ['invalid', 'Invalid'],
  ['stopped', 'Terminated'],
]

/** Ends of what no host was given, and what it becomes when its host is named once more. */
const GIVEN_TO_NOBODY: readonly TaskState[] = ['Aborted', 'Invalid', 'Cancelled']
const ADDED: readonly (readonly [TaskEvent, TaskState])[] = [
  ['added-pending', 'Pending'],
  ['added-scheduled', 'Scheduled'],
  ['added-aborted', 'Aborted'],
  ['added-invalid', 'Invalid'],
]

describe('a task that is over', () => {
  it.each(ADDED)('that no host was given is added again: ── %s ──► %s', (event, next) => {
    for (const state of GIVEN_TO_NOBODY) expect(move(state, false, event)).toBe(next)
  })

  const others = EVENTS.filter((event) => !RESULTS.some(([result]) => result === event))
  /** What else a caller or a host that is back makes of an end. */
  const returning = (state: TaskState): readonly TaskEvent[] =>
    GIVEN_TO_NOBODY.includes(state) ? ADDED.map(([event]) => event) : []

  it.each(FINAL)('%s, when it was reported, stays', (state) => {
    expect(isFinal(state)).toBe(true)
    // What a schedule ran is told behind its end, too.
    const late: readonly TaskEvent[] = state === 'Cancelled' ? ['missed-run'] : []
    const natural: readonly TaskEvent[] = state === 'Terminated' ? ['finish-0', 'finish-other'] : []
    const moving = EVENTS.filter((event) => move(state, false, event) !== undefined)
    const known = [...late, ...natural, ...returning(state)]
    expect(moving.filter((event) => !known.includes(event))).toEqual([])
  })

  it.each(RESULTS)('gives way to a real result, where its outcome is unknown: ── %s ──► %s', (event, next) => {
    for (const state of FINAL) expect(move(state, true, event)).toBe(next)
  })

  it.each(others)('does not give way to %s, even where its outcome is unknown', (event) => {
    const states = FINAL.filter(
      (state) => !(event === 'missed-run' && state === 'Cancelled') && !returning(state).includes(event),
    )
    for (const state of states) expect(move(state, true, event)).toBeUndefined()
  })

  it.each([
    ['finish-0', 'Success'],
    ['finish-other', 'Failed'],
  ] as const)('Terminated ── %s ──► %s: the end won the race against the stop', (event, next) => {
    expect(move('Terminated', false, event)).toBe(next)
  })
})
