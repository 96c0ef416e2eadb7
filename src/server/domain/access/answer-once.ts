import { Fault } from '../faults.js'
import type { UnitOfWork } from '../unit-of-work.js'
import type { Repeats } from './access.js'
import type { Repeatable, Scope } from './scope.js'

/** Does the work unless a request with the same ClientToken had its effect already; then its answer is given again. */
export const answerOnce = async <A>(
  stores: UnitOfWork,
  scope: Scope,
  repeat: Repeatable | undefined,
  work: () => Promise<A>,
): Promise<A> => {
  if (repeat === undefined) return work()
  const earlier = await stores.read.repeats.find(scope, repeat)
  // What was kept is what this verb answered then.
  return earlier === undefined ? work() : (earlier.answer as A)
}

/** Tokens whose first request is under way on this node. The answers themselves are found by the verbs. */
export const runningRepeats = (): Repeats => {
  const running = new Set<string>()
  const key = (scope: Scope, repeat: Repeatable): string =>
    [scope.accountId, scope.regionId, repeat.action, repeat.clientToken].join('\n')
  return {
    begin(scope, repeat) {
      if (running.has(key(scope, repeat))) return Promise.reject(new Fault('idempotency/processing'))
      running.add(key(scope, repeat))
      return Promise.resolve(undefined)
    },
    end(scope, repeat) {
      running.delete(key(scope, repeat))
    },
  }
}
