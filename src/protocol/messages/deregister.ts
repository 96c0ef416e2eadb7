import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'

/**
 * A host leaves at its own wish. Upstream: a failure to reach the server also wipes the identity on the host; only a
 * parsed `code` other than 200 keeps it (agent-protocol.md §4.1, trap 10).
 */
export const deregister = defineMessage({
  about: 'A host gives up its registration.',
  method: 'POST',
  path: '/luban/api/instance/deregister',
  signed: true,
  contentType: JSON_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({}),
  body: { kind: 'none' },
  answer: acknowledgement,
})
