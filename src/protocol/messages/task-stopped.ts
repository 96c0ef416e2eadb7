import { text } from '../../schema/shape.js'
import { defineMessage, TEXT_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'
import { droppedField, endFields, exitCodeField, startField, taskIdentity } from './report-fields.js'

/**
 * A script was stopped, or a schedule has no next run. Upstream: a start of 0 comes for tasks the agent does not know.
 */
export const taskStopped = defineMessage({
  about: 'A script was stopped.',
  method: 'POST',
  path: '/luban/api/v1/task/stopped',
  signed: true,
  contentType: TEXT_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({
    ...taskIdentity,
    start: startField,
    ...endFields,
    // Upstream: in lower case here, unlike in the other reports.
    exitcode: exitCodeField,
    dropped: droppedField,
    result: text('Why it ended.', { oneOf: ['killed', 'completed'] }),
  }),
  body: { kind: 'output' },
  answer: acknowledgement,
})
