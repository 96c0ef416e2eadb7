import { integer, optional, text } from '../../schema/shape.js'
import { defineJson, recordsOf } from '../json.js'
import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { VERSION_PATTERN } from '../user-agent.js'
import { WIRE_ID_PATTERN } from '../wire-id.js'

/**
 * A host wants to become a managed instance (agent-protocol.md §4.1). Sent once, unsigned. A refusal is best an answer
 * of status 200 with another `code` than 200: the agent prints it to the person who registers.
 */
export const register = defineMessage({
  about: 'A host registers with an activation.',
  method: 'POST',
  path: '/luban/api/instance/register',
  signed: false,
  contentType: JSON_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({}),
  body: {
    kind: 'json',
    maxBytes: 32_768,
    codec: defineJson({
      activationCode: text('Code of the activation.', { minLength: 1, maxLength: 128 }),
      // Part of what the host signs; the vendor's agent sends none on a system without one.
      machineId: text('Machine id; clones share it.', { maxLength: 128, pattern: '[\\x21-\\x7e]*' }),
      regionId: text('Region that the person named.', { maxLength: 128 }),
      instanceName: text('Name that the person gave.', { maxLength: 128 }),
      hostname: text('Name of the host.', { maxLength: 255 }),
      intranetIp: text('First address that is no loopback one; `<nil>` without any.', { maxLength: 64 }),
      osVersion: text('Build of the system.', { maxLength: 1_024 }),
      osType: text('linux, windows or freebsd.', { minLength: 1, maxLength: 32 }),
      agentVersion: text('Version of the agent.', { minLength: 1, pattern: VERSION_PATTERN }),
      publicKey: text('Base64 of the PEM text of the public key (SPKI).', {
        minLength: 1,
        maxLength: 8_192,
        pattern: '[A-Za-z0-9+/]*={0,2}',
      }),
      activationId: text('The activation.', { minLength: 1, maxLength: 64 }),
      tag: recordsOf(
        'Tags for the instance.',
        {
          key: text('Key.', { minLength: 1, maxLength: 128 }),
          value: text('Value.', { maxLength: 128 }),
        },
        20,
      ),
    }),
  },
  answer: defineJson({
    code: integer('200 when it is registered.'),
    // Used verbatim as a header's value afterwards. Empty in refusals.
    instanceId: text('The instance it is now.', { pattern: `(?:${WIRE_ID_PATTERN})?` }),
    errMsg: optional(text('Why not, in words for the person at the keyboard.')),
  }),
})

/** What the vendor's agent sends as address of a host that has none. */
export const NO_ADDRESS = '<nil>'
