import { defineMessage, TEXT_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'
import { droppedField, endFields, exitCodeField, startField, tailFields, taskIdentity } from './report-fields.js'

/** A script was killed at its time limit; the body is the rest of its output. */
export const taskTimeout = defineMessage({
  about: 'A script was killed at its time limit.',
  method: 'POST',
  path: '/luban/api/v1/task/timeout',
  signed: true,
  contentType: TEXT_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({
    ...taskIdentity,
    start: startField,
    ...endFields,
    exitCode: exitCodeField,
    dropped: droppedField,
    ...tailFields,
  }),
  body: { kind: 'output' },
  answer: acknowledgement,
})
