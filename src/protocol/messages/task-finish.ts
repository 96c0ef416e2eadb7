import { integer, optional, text } from '../../schema/shape.js'
import { defineMessage, TEXT_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'
import { droppedField, endFields, exitCodeField, startField, tailFields, taskIdentity } from './report-fields.js'

/**
 * A script ended by itself; the body is the rest of its output. The result of a file send has the same endpoint and
 * other members (agent-protocol.md §7): `taskType=sendfile`, `status`, `errorcode`.
 */
export const taskFinish = defineMessage({
  about: 'A script ended by itself, or a file was sent.',
  method: 'POST',
  path: '/luban/api/v1/task/finish',
  signed: true,
  contentType: TEXT_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({
    ...taskIdentity,
    start: optional(startField),
    end: optional(endFields.end),
    exitCode: optional(exitCodeField),
    dropped: optional(droppedField),
    status: optional(text('Of a file send.', { oneOf: ['Success', 'Failed'] })),
    taskType: optional(text('Given for a file send.', { oneOf: ['sendfile'] })),
    errorcode: optional(integer('Of a file send: 0 when all went well.', { min: 0, max: 255 })),
    ...tailFields,
  }),
  body: { kind: 'output' },
  answer: acknowledgement,
})
