import { describe, expect, it } from 'vitest'
import { fileFailure, fileRefusal } from './file-errors.js'
import { fileSendStatus } from './file-roll-up.js'
import { type FileEvent, type FileState, moveFile } from './file-states.js'

describe('a file on an instance', () => {
  it.each<[FileState, FileEvent, FileState | undefined]>([
    ['Pending', 'handed-out', 'Running'],
    ['Pending', 'written', 'Success'],
    ['Pending', 'failed', 'Failed'],
    ['Pending', 'refused', 'Invalid'],
    ['Pending', 'not-delivered', 'Aborted'],
    ['Pending', 'timed-out', undefined],
    ['Pending', 'lost', undefined],
    ['Running', 'handed-out', 'Running'],
    ['Running', 'written', 'Success'],
    ['Running', 'failed', 'Failed'],
    ['Running', 'refused', 'Invalid'],
    ['Running', 'not-delivered', undefined],
    ['Running', 'timed-out', 'Timeout'],
    ['Running', 'lost', 'Error'],
  ])('%s ── %s ──► %s', (state, event, next) => {
    expect(moveFile(state, false, event)).toBe(next)
  })

  it.each(['Success', 'Failed', 'Invalid', 'Aborted', 'Error', 'Timeout'] as const)('%s stays', (state) => {
    for (const event of ['handed-out', 'written', 'failed', 'refused', 'not-delivered', 'timed-out', 'lost'] as const)
      expect(moveFile(state, false, event)).toBeUndefined()
  })

  it.each<[FileState, FileEvent, FileState | undefined]>([
    ['Timeout', 'written', 'Success'],
    ['Timeout', 'failed', 'Failed'],
    ['Error', 'refused', 'Invalid'],
    ['Error', 'lost', undefined],
    ['Timeout', 'handed-out', undefined],
  ])('%s whose outcome is unknown ── %s ──► %s', (state, event, next) => {
    expect(moveFile(state, true, event)).toBe(next)
  })
})

const NONE = { waiting: 0, queued: 0, pending: 0, running: 0, success: 0, failed: 0 }

// api.md §9.2, line by line.
describe('a send', () => {
  it.each([
    ['any that waits for its turn', { waiting: 1, running: 1, success: 1 }, 'Pending'],
    ['any that waits for its host', { queued: 1, success: 1 }, 'Pending'],
    ['any Pending', { pending: 1, running: 1, success: 1, failed: 1 }, 'Pending'],
    ['any Running', { pending: 0, running: 1, success: 1, failed: 1 }, 'Running'],
    ['all Success', { pending: 0, running: 0, success: 3, failed: 0 }, 'Success'],
    ['all failed', { pending: 0, running: 0, success: 0, failed: 2 }, 'Failed'],
    ['mixed', { pending: 0, running: 0, success: 1, failed: 1 }, 'PartialFailed'],
  ] as const)('%s', (_, counts, status) => {
    expect(fileSendStatus({ ...NONE, ...counts })).toBe(status)
  })
})

describe('the words of an agent', () => {
  it.each([
    [1, 'FileCreateFail'],
    [2, 'FileAuthorityInvalid'],
    [3, 'FileAuthorityInvalid'],
    [4, 'FilePathInvalid'],
    [255, 'FileCreateFail'],
  ])('errorcode %s is %s', (number, code) => {
    expect(fileFailure(number).code).toBe(code)
  })

  it.each([
    ['FileNameInvalid', 'FileNameInvalid', 'File name is invalid'],
    ['FileExist', 'FileAlreadyExists', 'File already exists'],
    ['EmptyFile', 'FileContentInvalid', 'the content of file is invalid'],
    ['InvalidFileContent', 'FileContentInvalid', 'the content of file is invalid'],
    ['InvalidSignature', 'FileContentInvalid', 'the content of file is invalid'],
    ['InvalidFileMode', 'FileAuthorityInvalid', 'the authority of file is invalid'],
    ['FileGroupNotExist', 'UserGroupNotExists', 'Group not exists'],
    ['FileOwnerNotExist', 'UserGroupNotExists', 'Owner not exists'],
  ])('%s is %s', (param, code, info) => {
    expect(fileRefusal(param, 'anything')).toEqual({ code, info })
  })

  it('that nobody knows are told as they are, without what a terminal must not get', () => {
    expect(fileRefusal('New', '\u001b[1m')).toEqual({ code: 'FileCreateFail', info: 'New  [1m' })
  })
})
