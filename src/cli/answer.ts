// Reads members of an answer. A server of another age may leave members out: what is missing reads as empty.

export type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The object at a path, or one without members. */
export const membersAt = (from: Members, ...path: readonly string[]): Members => {
  let at: Members = from
  for (const name of path) {
    const next = at[name]
    at = isMembers(next) ? next : {}
  }
  return at
}

/** The objects of the list at a path; empty when there is none. */
export const listAt = (from: Members, ...path: readonly string[]): readonly Members[] => {
  const last = path.at(-1) ?? ''
  const list = membersAt(from, ...path.slice(0, -1))[last]
  return Array.isArray(list) ? list.filter(isMembers) : []
}

export const textAt = (from: Members, name: string): string => {
  const value = from[name]
  return typeof value === 'string' ? value : ''
}

export const numberAt = (from: Members, name: string): number => {
  const value = from[name]
  return typeof value === 'number' ? value : 0
}
