import { expect, it } from 'vitest'
import type { Delivery, Outcome } from '../running/outcomes.js'
import { deliveryText } from './delivery-text.js'

const plain = new Proxy({}, { get: () => (text: string) => text }) as Parameters<typeof deliveryText>[1]

const outcome = (delivery?: Partial<Delivery>): Outcome => ({
  instanceId: 'mi-1',
  name: '',
  invokeId: 't-1',
  status: 'Success',
  errorCode: '',
  errorInfo: '',
  output: '',
  dropped: 0,
  startTime: '',
  finishTime: '',
  ...(delivery && { delivery: { status: 'Finished', uri: '', errorCode: '', errorInfo: '', ...delivery } }),
})

const finished = (host: string): Outcome => outcome({ uri: `oss://b/p/t-1/${host}/output.txt` })
const failed = outcome({ status: 'Failed', errorCode: 'AccessDenied', errorInfo: 'the store answered 403' })

it.each([
  ['nothing that was asked for', [outcome()], ''],
  ['one that is there', [finished('mi-1')], '(output in oss://b/p/t-1/mi-1/output.txt)\n'],
  ['several', [finished('mi-1'), finished('mi-12'), finished('mi-2')], '(output of 3 hosts in oss://b/p/t-1/)\n'],
  ['one on its way', [outcome({ status: 'InProgress' })], '(output on its way to the store)\n'],
  [
    'some of each kind',
    [finished('mi-1'), failed, failed, outcome({ status: 'InProgress', errorCode: 'SlowDown' }), outcome()],
    '(output of 1 host in oss://b/p/t-1/mi-1/output.txt)\n' +
      '(output of 2 hosts not delivered: AccessDenied: the store answered 403)\n' +
      '(output of 1 host on its way to the store: SlowDown)\n',
  ],
  ['control characters', [outcome({ uri: 'oss://b/\u001b[2J/x' })], '(output in oss://b/\\x1b[2J/x)\n'],
])('is told of %s', (_, outcomes, text) => {
  expect(deliveryText(outcomes, plain)).toBe(text)
})
