import { flag, integer, optional, text } from '../../schema/shape.js'
import { defineJson } from '../json.js'
import { defineMessage, FORM_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { VERSION_PATTERN } from '../user-agent.js'

/** Nearest and farthest next heartbeat that the vendor's agent accepts; anything else becomes a random one. */
export const LEAST_INTERVAL_MS = 55_000
export const MOST_INTERVAL_MS = 65_000

/**
 * A host is alive. The query has three forms (agent-protocol.md §4.2): counters only; with `virt_type`, `os_version`,
 * `az`, `machineid`, `cold_start` until the first answer; the full one of old agents, or when the answer asked for it.
 */
export const heartBeat = defineMessage({
  about: 'A host is alive.',
  method: 'GET',
  path: '/luban/api/heart-beat',
  signed: true,
  contentType: FORM_TYPE,
  clientTimeoutMs: 5_000,
  query: defineQuery({
    uptime: optional(integer('Age of the system, in ms.', { min: 0 })),
    timestamp: optional(integer('Clock of the host, in ms.', { min: 0 })),
    pid: optional(integer('Process id of the agent.', { min: 0, max: 4_294_967_295 })),
    process_uptime: optional(integer('Age of the agent, in ms; a clock set back makes it negative.', { min: -1e15 })),
    index: optional(integer('Heartbeats that were answered so far.', { min: 0 })),
    seq_no: optional(integer('Heartbeats that were sent so far.', { min: 0 })),
    virt_type: optional(text('Always kvm.', { maxLength: 64 })),
    lang: optional(text('Always golang.', { maxLength: 64 })),
    os_type: optional(text('linux, windows or freebsd.', { maxLength: 64 })),
    os_version: optional(text('Build of the system.', { maxLength: 1_024 })),
    app_version: optional(text('Version of the agent.', { pattern: VERSION_PATTERN })),
    az: optional(text('Zone, from the metadata server.', { maxLength: 256 })),
    machineid: optional(text('Machine id.', { maxLength: 256 })),
    cold_start: optional(flag('The first start of the agent since the system booted.')),
  }),
  body: { kind: 'none' },
  answer: defineJson({
    code: integer('200 when it was taken.'),
    /** Absent from refusals, and no text that could be taken for an error may be in a good answer. */
    nextInterval: optional(integer('Milliseconds until the next one, 55,000–65,000.')),
    errMsg: optional(text('What was wrong.')),
  }),
})

/** The good answer; built without a walk, as it is by far the most frequent one. */
export const heartBeatAnswer = (nextIntervalMs: number): string => {
  const within = Math.min(Math.max(Math.trunc(nextIntervalMs), LEAST_INTERVAL_MS), MOST_INTERVAL_MS)
  return `{"code":200,"nextInterval":${Number.isNaN(within) ? 60_000 : within}}`
}

/** A sentence of exactly this form makes the agent send the full query for the rest of its process. */
export const fullQueryWanted = (member: string): string =>
  `Required request parameter '${member}' for method parameter type String is not present`

const MISSING = /^Required request parameter '\w+' for method parameter type \w+ is not present$/

export const asksForFullQuery = (errMsg: string): boolean => MISSING.test(errMsg)
