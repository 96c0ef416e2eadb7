import { optional, text } from '../../schema/shape.js'
import { defineMessage, TEXT_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'
import { taskIdentity } from './report-fields.js'

/** A task was refused by the agent before it ran. Values of file sends are not escaped (agent-protocol.md §7). */
export const taskInvalid = defineMessage({
  about: 'A parameter of a task is not acceptable on this host.',
  method: 'POST',
  path: '/luban/api/v1/task/invalid',
  signed: true,
  contentType: TEXT_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({
    ...taskIdentity,
    taskType: optional(text('Given for a file send.', { oneOf: ['sendfile'] })),
    param: text('What was refused.', { maxLength: 128 }),
    value: text('Why, or its value.', { maxLength: 8_192 }),
  }),
  body: { kind: 'none' },
  answer: acknowledgement,
})
