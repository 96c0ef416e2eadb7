import type { Writing } from '../unit-of-work.js'

/** Why a registration ends: at the host's own wish, or because its answer was lost and it never beat (design §4). */
export type RemovalReason = 'deregistered' | 'unproven'

/** Takes a host out, gives its place back to its activation, and says so in the audit log. */
export const removeHost = async (w: Writing, instanceId: string, reason: RemovalReason, now: number): Promise<void> => {
  const scope = await w.instances.scopeOf(instanceId)
  if (scope === undefined) return
  const [row] = await w.instances.list(scope, { managedOnly: false, instanceIds: [instanceId] }, undefined, 1)
  const isOwnWish = reason === 'deregistered'
  if (!(await w.instances.remove(instanceId))) return
  if (row !== undefined && row.activationId !== '') await w.activations.giveBack(row.activationId, isOwnWish)
  w.audit({
    ...scope,
    at: now,
    actor: isOwnWish ? instanceId : 'server',
    action: isOwnWish ? 'agent/deregister' : 'sweep/unproven',
    subject: instanceId,
    detail: {},
  })
}
