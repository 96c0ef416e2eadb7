import type { LostTasks } from './invocations/end-lost-tasks.js'

/** Scripts, files: whatever hosts are at work on, ended together when its end will not be reported. */
export const together = (...kinds: readonly LostTasks[]): LostTasks => ({
  async processSeen(instanceId, identity, coldStart) {
    for (const kind of kinds) await kind.processSeen(instanceId, identity, coldStart)
  },
  async deregistered(instanceId) {
    for (const kind of kinds) await kind.deregistered(instanceId)
  },
  async expire() {
    let ended = 0
    for (const kind of kinds) ended += await kind.expire()
    return ended
  },
})
