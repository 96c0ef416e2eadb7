// How many lines of one kind are logged when peers could cause any number of them (design D13).

export interface LineLimit {
  /**
   * @returns how many lines of the kind were left out since the last one, when this one may be logged; undefined when
   *   it may not
   */
  admit(kind: string): number | undefined
}

const PER_SECOND = 20
const BURST = 200

/** Kinds are fixed texts; should one of them vary after all, the later ones share a limit. */
const MAX_KINDS = 1_000

/** @param now milliseconds of any clock that does not go back */
export const createLineLimit = (now: () => number): LineLimit => {
  const kinds = new Map<string, { tokens: number; at: number; left: number }>()
  return {
    admit(named) {
      const time = now()
      const kind = kinds.has(named) || kinds.size < MAX_KINDS ? named : 'other'
      let state = kinds.get(kind)
      if (state === undefined) {
        state = { tokens: BURST, at: time, left: 0 }
        kinds.set(kind, state)
      }
      state.tokens = Math.min(BURST, state.tokens + ((time - state.at) * PER_SECOND) / 1_000)
      state.at = time
      if (state.tokens < 1) {
        state.left += 1
        return undefined
      }
      state.tokens -= 1
      const { left } = state
      state.left = 0
      return left
    },
  }
}
