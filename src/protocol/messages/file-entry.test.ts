import { expect, it } from 'vitest'
import { toWireId } from '../wire-id.js'
import { fileEntry, type SentFile } from './file-entry.js'

const taskId = toWireId('f-ok')
if (taskId === undefined) throw new Error('no id')

const file: SentFile = {
  taskId,
  name: 'a.txt',
  directory: '/srv/demo',
  content: Buffer.from('hello file\n'),
  contentType: 'PlainText',
  mode: '0640',
  owner: 'daemon',
  group: 'daemon',
  overwrite: false,
  timeoutSeconds: 60,
}

it('a file is signed as the vendor’s agent checks it: the Base64 text, not the file', () => {
  // From a recorded exchange that the agent took (golden/task-list.json).
  expect(fileEntry(file).task).toMatchObject({
    content: 'aGVsbG8gZmlsZQo=',
    signature: 'a2e6ff29c0a90b03e78ad660704f8b48',
  })
})

it.each([
  ['644', '644'],
  ['0644', '0644'],
  ['04755', '4755'],
])('a mode of %s is written as %s: the agent takes no five digits', (mode, written) => {
  expect(fileEntry({ ...file, mode }).task.mode).toBe(written)
})
