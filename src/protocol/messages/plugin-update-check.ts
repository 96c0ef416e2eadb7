import { integer, text } from '../../schema/shape.js'
import { defineJson, recordsOf } from '../json.js'
import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'

const check = (path: string) =>
  defineMessage({
    about: 'Are there newer versions of installed plugins?',
    method: 'POST',
    path,
    signed: true,
    contentType: JSON_TYPE,
    clientTimeoutMs: 5_000,
    query: defineQuery({}),
    body: {
      kind: 'json',
      maxBytes: 65_536,
      codec: defineJson({
        os: text('linux, windows or freebsd.', { maxLength: 64 }),
        arch: text('x64, x86 or arm.', { maxLength: 64 }),
        plugin: recordsOf(
          'Installed plugins.',
          { name: text('Name.', { maxLength: 256 }), version: text('Version.', { maxLength: 64 }) },
          500,
        ),
      }),
    },
    answer: defineJson({
      instanceId: text('Not used.'),
      nextInterval: integer('Seconds until the next question.'),
      plugin: recordsOf('Plugins to renew.', { name: text('Name.') }, 0),
    }),
  })

/** Only hosts with a persistent plugin ask, every half hour. */
export const pluginUpdateCheck = check('/luban/api/v2/plugin/update_check')

/** The same question of agents up to release 398 (agent-protocol.md §14). */
export const pluginUpdateCheckV1 = check('/luban/api/v1/plugin/update_check')
