import { text } from '../../schema/shape.js'
import { defineJson } from '../json.js'
import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'

/** Answer that switches the feature off: the agent asks again only daily (agent-protocol.md §11). */
export const NOT_SUPPORTED = 'ServiceNotSupported'

// Upstream: the code is a text here and compared as text; anything from "400" on is an error.
const stateAnswer = defineJson({ errCode: text('200, or why not.'), errMsg: text('What was wrong.') })

// Bodies are taken and not read: with the feature off there is nothing to do with them.
const stateCall = (about: string, name: string, maxBytes: number) =>
  defineMessage({
    about,
    method: 'POST',
    path: `/luban/api/instance/${name}`,
    signed: true,
    contentType: JSON_TYPE,
    clientTimeoutMs: 10_000,
    query: defineQuery({}),
    body: { kind: 'opaque', maxBytes },
    answer: stateAnswer,
  })

export const listStateConfigurations = stateCall(
  'Which state shall this host have?',
  'list_instance_state_configurations',
  16_384,
)
export const getTemplate = stateCall('What does a template say?', 'get_template', 16_384)
export const putInventory = stateCall('What is installed on this host.', 'put_inventory', 4_194_304)
export const putInstanceStateReport = stateCall('Whether a state holds.', 'put_instance_state_report', 262_144)
