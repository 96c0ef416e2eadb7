import { defineText } from '../json.js'
import { defineMessage, FORM_TYPE } from '../message.js'
import { defineQuery } from '../query.js'

/** The whole answer, without a newline. */
export const CONNECTED = 'ok'

/** Whether a server of this wire answers under a name; sent before there is an identity (agent-protocol.md §1.2). */
export const connectionDetect = defineMessage({
  about: 'Does a server of this wire answer here?',
  method: 'GET',
  path: '/luban/api/connection_detect',
  signed: false,
  contentType: FORM_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({}),
  body: { kind: 'none' },
  answer: defineText(64),
})
