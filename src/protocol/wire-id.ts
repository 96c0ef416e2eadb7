// Ids travel as words of a kick, as path components on the host and unescaped in URLs (agent-protocol.md §13, trap 4),
// so what is not made of these characters never becomes a `WireId`.

declare const wireId: unique symbol

/** An id that is safe in a kick, in a file name and in a URL: 1–64 of `A-Za-z0-9._-`, starting with a letter or digit. */
export type WireId = string & { readonly [wireId]: true }

/** Source of the regular expression of a `WireId`, for declared fields. */
export const WIRE_ID_PATTERN = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}'

const whole = new RegExp(`^${WIRE_ID_PATTERN}$`)

export const isWireId = (text: string): text is WireId => whole.test(text)

/** @returns undefined when the text is not safe as an id */
export const toWireId = (text: string): WireId | undefined => (isWireId(text) ? text : undefined)
