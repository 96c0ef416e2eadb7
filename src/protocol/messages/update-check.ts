import { integer, optional, text } from '../../schema/shape.js'
import { defineJson } from '../json.js'
import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'

/**
 * Whether a newer agent is to be installed. Upstream: what an answer names is executed as root and checked by MD5 only
 * (agent-protocol.md §10, trap 12), so this server has no answer but "no", and the declared answer has no member for more.
 */
export const updateCheck = defineMessage({
  about: 'Is there a newer agent?',
  method: 'POST',
  path: '/luban/api/v1/update/update_check',
  signed: true,
  contentType: JSON_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({}),
  body: {
    kind: 'json',
    maxBytes: 8_192,
    codec: defineJson({
      os: text('linux, windows or freebsd.', { maxLength: 64 }),
      arch: text('As Go calls it.', { maxLength: 64 }),
      os_version: text('Build of the system.', { maxLength: 1_024 }),
      app_id: text('Always `aliyun assistant`.', { maxLength: 64 }),
      app_version: text('Version of the agent.', { maxLength: 64 }),
      kernel_version: optional(text('Kernel.', { maxLength: 1_024 })),
    }),
  },
  answer: defineJson({
    need_update: integer('0: none.', { min: 0, max: 0 }),
    next_interval: integer('Seconds until the next question.'),
  }),
})
