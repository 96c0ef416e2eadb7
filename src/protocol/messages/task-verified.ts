import { defineMessage, TEXT_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'
import { taskIdentity } from './report-fields.js'

/** A task that was only to be checked is acceptable. */
export const taskVerified = defineMessage({
  about: 'A task that was only to be checked is acceptable.',
  method: 'POST',
  path: '/luban/api/v1/task/verified',
  signed: true,
  contentType: TEXT_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery(taskIdentity),
  body: { kind: 'none' },
  answer: acknowledgement,
})
