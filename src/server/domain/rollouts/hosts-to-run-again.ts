import type { Scope } from '../access/scope.js'
import type { UnitOfWork } from '../unit-of-work.js'

interface Failures {
  hostsWhereFailed(
    invokeId: string,
    withLeftOut: boolean,
    limit: number,
    among?: readonly string[],
  ): Promise<readonly string[]>
}

/**
 * The hosts that a rerun is for: where it failed, and those that a rollout which halted left out by itself. Whom somebody left
 * out stays out (docs/adr/0016-rollouts.md).
 * @param failures of commands or of files
 * @param named of these alone, in their order; undefined: all, in id order
 */
export const hostsToRunAgain = async (
  stores: UnitOfWork,
  scope: Scope,
  failures: Failures,
  invokeId: string,
  named: readonly string[] | undefined,
  most: number,
): Promise<readonly string[]> => {
  const page = { style: 'number', number: 1, size: 1 } as const
  const halted = await stores.read.rollouts.list(scope, { invokeIds: [invokeId], status: 'Halted' }, page)
  const failed = await failures.hostsWhereFailed(invokeId, halted.items.length > 0, most, named)
  if (named === undefined) return failed
  const found = new Set(failed)
  return named.filter((id) => found.has(id))
}
