import { type Members, textAt } from '../answer.js'
import { isTooMany } from '../fitting-batches.js'
import { isLeftOut } from '../running/outcomes.js'
import { type Refused, submitInCalls } from '../running/submit.js'
import type { Target } from '../running/targets.js'
import { hasFailed, type InvocationHost } from './invocations.js'

/** Why a server that did not find any of its hosts to run on refused a call with `RerunOf`. */
const NOTHING_FAILED = 'InvalidRerunOf.NothingFailed'

/** The hosts that `RerunOf` is about: where it failed, and which a halt left out; not whom somebody left out. */
export const hostsToRunAgain = (hosts: readonly InvocationHost[], isHalted: boolean): readonly InvocationHost[] =>
  hosts.filter((host) => (isLeftOut(host) ? isHalted : hasFailed(host)))

interface Again {
  readonly invokeIds: readonly string[]
  readonly refused: readonly Refused[]
  /** Hosts that no call was made for, since it was left. */
  readonly notAsked: number
}

/**
 * Submits something again with one call, whose hosts the server chooses. Where they are more than it takes in one, with several
 * calls, each on some of them; with turns it cannot be several. @throws what the server said when it accepted nothing at all
 * @param call is given none of the hosts for all of them
 */
export const submitAgain = async (
  call: (hosts: readonly Target[]) => Promise<Members>,
  hosts: readonly InvocationHost[],
  hostsPerCall: number,
  inTurns: boolean,
  signal: AbortSignal,
): Promise<Again> => {
  try {
    return { invokeIds: [textAt(await call([]), 'InvokeId')], refused: [], notAsked: 0 }
  } catch (error) {
    if (!isTooMany(error)) throw error
    if (inTurns)
      throw error.withAdvice('Hosts that get their turns are one call. With --at-once, it is as many as are needed.')
  }
  const targets = hosts.map(({ instanceId }) => ({ instanceId, name: '' }))
  const { submitted, refused } = await submitInCalls(targets, hostsPerCall, call, signal, () => undefined)
  const asked = [...submitted, ...refused].reduce((sum, some) => sum + some.targets.length, 0)
  return {
    invokeIds: submitted.map(({ invokeId }) => invokeId),
    // Such hosts are no longer there.
    refused: refused.filter(({ failure }) => failure.code !== NOTHING_FAILED),
    notAsked: targets.length - asked,
  }
}
