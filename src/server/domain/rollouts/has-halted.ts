import type { Scope } from '../access/scope.js'
import type { UnitOfWork } from '../unit-of-work.js'

/**
 * A rollout that halted left hosts out by itself: a rerun is for them, too. Whom somebody left out stays out
 * (docs/adr/0016-rollouts.md).
 */
export const hasHalted = async (stores: UnitOfWork, scope: Scope, invokeId: string): Promise<boolean> => {
  const page = { style: 'number', number: 1, size: 1 } as const
  return (await stores.read.rollouts.list(scope, { invokeIds: [invokeId], status: 'Halted' }, page)).items.length > 0
}
