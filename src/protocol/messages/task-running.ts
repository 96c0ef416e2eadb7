import { defineMessage, TEXT_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'
import { startField, tailFields, taskIdentity } from './report-fields.js'

/**
 * A script has started, or has written something. Upstream: posted once; what fails to arrive is lost. A body has at most
 * 2,048 bytes, and none after 6,000 were sent (agent-protocol.md §4.5).
 */
export const taskRunning = defineMessage({
  about: 'A script runs; new output.',
  method: 'POST',
  path: '/luban/api/v1/task/running',
  signed: true,
  contentType: TEXT_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({ ...taskIdentity, start: startField, ...tailFields }),
  body: { kind: 'output' },
  answer: acknowledgement,
})
