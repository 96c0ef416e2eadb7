import { integer, text } from '../../schema/shape.js'
import { defineJson } from '../json.js'
import { defineMessage, TEXT_TYPE } from '../message.js'
import { defineQuery } from '../query.js'

/**
 * Whether the hypervisor's serial device is a push channel. Never, for a server without a hypervisor. Registered hosts do
 * not ask (agent-protocol.md §5.3).
 */
export const gshell = defineMessage({
  about: 'Can the serial device of the hypervisor be used?',
  method: 'POST',
  path: '/luban/api/gshell',
  signed: true,
  contentType: TEXT_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({}),
  body: { kind: 'none' },
  answer: defineJson({
    code: integer('200.'),
    gshellSupport: text('A flag in words.', { oneOf: ['true', 'false'] }),
  }),
})
