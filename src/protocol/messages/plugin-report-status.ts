import { optional, text } from '../../schema/shape.js'
import { defineJson, recordsOf } from '../json.js'
import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'

/** How installed plugins do; only from hosts that have some. */
export const pluginReportStatus = defineMessage({
  about: 'How installed plugins do.',
  method: 'POST',
  path: '/luban/api/v1/plugin/report_status',
  signed: true,
  contentType: JSON_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({}),
  body: {
    kind: 'json',
    maxBytes: 65_536,
    codec: defineJson({
      plugin: recordsOf(
        'Installed plugins.',
        {
          name: text('Name.', { maxLength: 256 }),
          status: text('PERSIST_RUNNING, PERSIST_FAIL, PERSIST_UNKNOWN, ONCE_INSTALLED or REMOVED.', {
            maxLength: 64,
          }),
          version: text('Version.', { maxLength: 64 }),
          sysTagType: optional(text('add or remove.', { maxLength: 64 })),
        },
        500,
      ),
    }),
  },
  answer: acknowledgement,
})
