import { integer, text } from '../../schema/shape.js'
import { defineJson, recordsOf } from '../json.js'
import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'

/** The catalogue of plugins (agent-protocol.md §9): empty here, as plugins are unsigned code that runs as root. */
export const pluginList = defineMessage({
  about: 'Which plugins are there?',
  method: 'POST',
  path: '/luban/api/v1/plugin/list',
  signed: true,
  contentType: JSON_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({}),
  body: {
    kind: 'json',
    maxBytes: 8_192,
    codec: defineJson({
      osType: text('System; empty for any.', { maxLength: 64 }),
      pluginName: text('Name; empty for any.', { maxLength: 256 }),
      version: text('Version; empty for any.', { maxLength: 64 }),
      arch: text('x64, x86 or arm; empty for any.', { maxLength: 64 }),
    }),
  },
  answer: defineJson({
    code: integer('200.'),
    requestId: text('Not used.'),
    instanceId: text('Not used.'),
    pluginList: recordsOf('Plugins that fit.', { name: text('Name.') }, 0),
  }),
})
