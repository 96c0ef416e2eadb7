import { text } from '../../schema/shape.js'
import { defineMessage, TEXT_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'

/** A terminal session is over (agent-protocol.md §8.1). */
export const sessionStatus = defineMessage({
  about: 'A terminal session is over.',
  method: 'POST',
  path: '/luban/api/v1/session/status',
  signed: true,
  contentType: TEXT_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({
    channelId: text('The session.', { pattern: '[A-Za-z0-9._-]{1,32}' }),
    status: text('How it ended.', { oneOf: ['Success', 'Failed'] }),
    errorcode: text('Why it ended.', { pattern: '[A-Za-z_]{1,64}' }),
  }),
  body: { kind: 'none' },
  answer: acknowledgement,
})
