import { integer, optional, text } from '../../schema/shape.js'
import { defineJson, recordsOf } from '../json.js'
import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'

/** A host asks for the terminal session that a kick named (agent-protocol.md §4.4). This server has none to give. */
export const sessionList = defineMessage({
  about: 'Which terminal session shall be opened?',
  method: 'POST',
  path: '/luban/api/v1/session/list',
  signed: true,
  contentType: JSON_TYPE,
  clientTimeoutMs: 8_000,
  query: defineQuery({
    channelId: optional(text('The session.', { pattern: '[A-Za-z0-9._-]{1,32}' })),
  }),
  body: { kind: 'none' },
  answer: defineJson({
    code: integer('200.'),
    instanceId: text('The instance.'),
    session: recordsOf('Sessions to open.', { channelId: text('The session.') }, 0),
  }),
})
