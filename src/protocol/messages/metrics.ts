import { integer, text } from '../../schema/shape.js'
import { defineJson } from '../json.js'
import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { acknowledgement } from './acknowledgement.js'

/**
 * An event of the agent itself, at most a hundred in ten minutes. Unsigned when it tells of a failed or finished
 * registration, so nothing may follow from it.
 */
export const metrics = defineMessage({
  about: 'An event of the agent itself.',
  method: 'POST',
  path: '/luban/api/metrics',
  signed: false,
  contentType: JSON_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({}),
  body: {
    kind: 'json',
    maxBytes: 65_536,
    codec: defineJson({
      eventId: text('Name of the event.', { maxLength: 128 }),
      category: text('Group of events.', { maxLength: 128 }),
      subCategory: text('Part of a group.', { maxLength: 128 }),
      eventLevel: text('ERROR, WARN or INFO.', { maxLength: 32 }),
      eventTime: integer('When, in ms on the clock of the host.'),
      common: text('A JSON document about the host.'),
      keywords: text('A JSON document about the event.'),
    }),
  },
  answer: acknowledgement,
})
