import { toWireId, type WireId } from './wire-id.js'

// The messages of the notify socket (agent-protocol.md §5.2). A kick carries no work, only where to look for it.
//
// Upstream: a kick of two words other than `kick_vm noop` kills the agent's reader for good (§13, trap 2). None can be
// written here: every form but `fetch` and `noop` has a third word, and an id is a `WireId`, never empty nor blank.

export type Kick =
  /** Look for tasks. */
  | { readonly word: 'fetch' }
  /** Answer, do nothing. */
  | { readonly word: 'noop' }
  /** Look for tasks; the id is a hint. Both verbs do the same. */
  | { readonly word: 'task'; readonly verb: 'run' | 'stop'; readonly id: WireId }
  | { readonly word: 'file'; readonly verb: 'create' | 'stop'; readonly id: WireId }
  | { readonly word: 'session'; readonly verb: 'start' | 'stop'; readonly id: WireId }
  | { readonly word: 'agent'; readonly verb: 'stop' | 'remove' | 'update' | 'deregister' }

/** Longest message of the notify socket in either direction, in characters. */
export const KICK_LIMIT = 256

export const formatKick = (kick: Kick): string => {
  switch (kick.word) {
    case 'fetch':
      return 'kick_vm'
    case 'noop':
      return 'kick_vm noop'
    case 'agent':
      return `kick_vm agent ${kick.verb}`
    case 'task':
    case 'file':
    case 'session':
      return `kick_vm ${kick.word} ${kick.verb} ${kick.id}`
  }
}

const VERBS: Readonly<Record<string, readonly string[]>> = {
  task: ['run', 'stop'],
  file: ['create', 'stop'],
  session: ['start', 'stop'],
  agent: ['stop', 'remove', 'update', 'deregister'],
}

/** @returns undefined when an agent would answer `unknow:`, or had better */
export const parseKick = (text: string): Kick | undefined => {
  if (text.length > KICK_LIMIT) return undefined
  const [first, word, verb, last, ...rest] = text.split(' ')
  if (first !== 'kick_vm' || rest.length > 0) return undefined
  if (word === undefined) return { word: 'fetch' }
  if (verb === undefined) return word === 'noop' ? { word: 'noop' } : undefined
  if (!Object.hasOwn(VERBS, word) || VERBS[word]?.includes(verb) !== true) return undefined
  if (word === 'agent') return last === undefined ? ({ word, verb } as Kick) : undefined
  const id = last === undefined ? undefined : toWireId(last)
  return id === undefined ? undefined : ({ word, verb, id } as Kick)
}

/** `accept`: will look. `unknow` (sic): does not know the message. `reject`: an update is being installed. */
export type KickAnswer = 'accept' | 'unknow' | 'reject'

export const formatKickAnswer = (answer: KickAnswer, kick: string): string => `${answer}:${kick}`

/** @returns undefined when the frame is no answer to a kick */
export const parseKickAnswer = (text: string): { readonly answer: KickAnswer; readonly kick: string } | undefined => {
  const match = text.length > KICK_LIMIT + 7 ? null : /^(accept|unknow|reject):(.*)$/s.exec(text)
  return match === null ? undefined : { answer: match[1] as KickAnswer, kick: match[2] ?? '' }
}

/** The notify socket. */
export const NOTIFY_PATH = '/luban/notify_server'
/** Payload of an agent's pings, one at once and one a minute. */
export const PING_PAYLOAD = 'keepalive'
export const PING_INTERVAL_MS = 60_000
