import { describe, expect, it } from 'vitest'
import { invocationStatus, legacyInvokeStatus, legacyRecordStatus, type StateCounts, taskStatus } from './roll-up.js'
import { FINAL, type TaskState, UNFINISHED } from './task-states.js'

const NONE: StateCounts = {
  waiting: 0,
  queued: 0,
  pending: 0,
  scheduled: 0,
  running: 0,
  stopping: 0,
  success: 0,
  failed: 0,
  broken: 0,
  stopped: 0,
}

// api.md §8.3, line by line; the order of the first four is that of their listing.
describe('the state of a whole invocation', () => {
  it.each<[string, Partial<StateCounts>, string]>([
    ['any that waits for its turn', { waiting: 1, running: 1, success: 1 }, 'Pending'],
    ['any that waits for its host', { queued: 1, success: 1 }, 'Pending'],
    ['any Pending', { pending: 1, scheduled: 1, running: 1, stopping: 1, success: 1, failed: 1 }, 'Pending'],
    ['any Scheduled', { scheduled: 1, running: 1, stopping: 1, success: 1, broken: 1 }, 'Scheduled'],
    ['any Running', { running: 1, stopping: 1, success: 1, stopped: 1 }, 'Running'],
    ['any Stopping', { stopping: 1, success: 1, stopped: 1 }, 'Stopping'],
    ['only stopped', { stopped: 2 }, 'Stopped'],
    ['only failed', { failed: 1 }, 'Failed'],
    ['only broken', { broken: 1 }, 'Failed'],
    ['failed and stopped', { failed: 1, stopped: 1 }, 'Failed'],
    ['broken and stopped', { broken: 1, stopped: 1 }, 'Failed'],
    ['only Success', { success: 2 }, 'Success'],
    ['Success and stopped', { success: 1, stopped: 1 }, 'Success'],
    ['Success and failed', { success: 1, failed: 1 }, 'PartialFailed'],
    ['Success and broken', { success: 1, broken: 1 }, 'PartialFailed'],
    ['Success, failed and stopped', { success: 1, failed: 1, stopped: 1 }, 'PartialFailed'],
  ])('%s: %j is %s', (_, counts, status) => {
    expect(invocationStatus({ ...NONE, ...counts })).toBe(status)
  })
})

// api.md §8.4, line by line.
describe('the older state of a whole invocation', () => {
  it.each<[string, Partial<StateCounts>, { stopped?: true; repeats?: true }, string]>([
    ['not all done', { running: 1, success: 1 }, {}, 'Running'],
    ['a turn has not come', { waiting: 1, success: 1 }, {}, 'Running'],
    ['a stop is on its way', { stopping: 1, success: 1 }, { stopped: true }, 'Stopping'],
    ['a stop was asked for, and none is on its way', { running: 1, stopped: 1 }, { stopped: true }, 'Running'],
    ['stopped', { stopped: 1, success: 1 }, { stopped: true }, 'Stopped'],
    ['a stop came too late', { success: 1 }, { stopped: true }, 'Finished'],
    ['all failed', { broken: 2 }, {}, 'Failed'],
    ['some failed', { broken: 1, success: 1 }, {}, 'PartialFailed'],
    ['some failed, others ended with another code than 0', { broken: 1, failed: 1 }, {}, 'PartialFailed'],
    ['all ended with another code than 0: the processes did end', { failed: 2 }, {}, 'Finished'],
    ['otherwise', { success: 1, failed: 1 }, {}, 'Finished'],
    ['a schedule that goes on', { scheduled: 1, stopped: 1 }, { repeats: true }, 'Running'],
    ['a schedule that was stopped', { stopped: 2 }, { stopped: true, repeats: true }, 'Stopped'],
    ['a schedule that came to its end', { success: 1, broken: 1 }, { repeats: true }, 'Finished'],
    ['a schedule of which one run failed', { scheduled: 1, broken: 1 }, { repeats: true }, 'Running'],
    ['a schedule that is being stopped', { stopping: 1, broken: 1 }, { stopped: true, repeats: true }, 'Stopping'],
    [
      'a schedule that some took and was stopped',
      { stopped: 1, broken: 1 },
      { stopped: true, repeats: true },
      'Stopped',
    ],
    ['a schedule that nobody took', { broken: 1 }, { repeats: true }, 'Finished'],
    ['a schedule whose last run failed', { failed: 2 }, { repeats: true }, 'Finished'],
  ])('%s: %j, %j is %s', (_, counts, { stopped = false, repeats = false }, status) => {
    expect(legacyInvokeStatus({ ...NONE, ...counts }, stopped, repeats)).toBe(status)
  })
})

// api.md §8.2, §8.4: state, as it is told, in its older words.
const TOLD: readonly (readonly [TaskState, string, string])[] = [
  ['Waiting', 'Pending', 'Running'],
  ['Queued', 'Pending', 'Running'],
  ['Pending', 'Pending', 'Running'],
  ['HandedOut', 'Pending', 'Running'],
  ['Scheduled', 'Scheduled', 'Running'],
  ['Running', 'Running', 'Running'],
  ['Stopping', 'Stopping', 'Stopping'],
  ['Success', 'Success', 'Finished'],
  ['Failed', 'Failed', 'Finished'],
  ['Error', 'Error', 'Failed'],
  ['Timeout', 'Timeout', 'Failed'],
  ['Invalid', 'Invalid', 'Failed'],
  ['Aborted', 'Aborted', 'Failed'],
  ['Cancelled', 'Cancelled', 'Stopped'],
  ['Terminated', 'Terminated', 'Stopped'],
]

describe('the state on one instance', () => {
  it.each(TOLD)('%s is told as %s, before as %s', (state, told, older) => {
    expect([taskStatus(state), legacyRecordStatus(state)]).toEqual([told, older])
  })

  it('has a row for every state', () => {
    expect(TOLD.map(([state]) => state).toSorted()).toEqual([...UNFINISHED, ...FINAL].toSorted())
  })
})
