import { text } from '../../schema/shape.js'
import { defineJson } from '../json.js'
import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'

/** An incident of the agent, such as a lost push channel or a panic. */
export const clientReport = defineMessage({
  about: 'An incident of the agent.',
  method: 'POST',
  path: '/luban/api/v1/exception/client_report',
  signed: true,
  contentType: JSON_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({}),
  body: {
    kind: 'json',
    maxBytes: 262_144,
    codec: defineJson({ type: text('Kind of incident.', { maxLength: 256 }), info: text('What happened.') }),
  },
  answer: acknowledgement,
})
