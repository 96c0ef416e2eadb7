import { text } from '../../schema/shape.js'
import { defineMessage, TEXT_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'
import { droppedField, endFields, exitCodeField, startField, tailFields, taskIdentity } from './report-fields.js'

/** Error code of an agent that has the script of this task already (agent-protocol.md §6.7, design §5). */
export const SCRIPT_EXISTS = '-9'

/** A script could not be prepared or run. Without a `running` before it when it was bad from the start. */
export const taskError = defineMessage({
  about: 'A script could not be run.',
  method: 'POST',
  path: '/luban/api/v1/task/error',
  signed: true,
  contentType: TEXT_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({
    ...taskIdentity,
    start: startField,
    ...endFields,
    exitCode: exitCodeField,
    dropped: droppedField,
    errCode: text('errno of the cause, a negative number of the agent, or a word.', { pattern: '[A-Za-z0-9.-]{1,64}' }),
    errDesc: text('`Category[.Phrase]: details`.', { maxLength: 4_096 }),
    ...tailFields,
  }),
  body: { kind: 'output' },
  answer: acknowledgement,
})
