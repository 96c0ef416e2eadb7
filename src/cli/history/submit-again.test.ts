import { describe, expect, it } from 'vitest'
import { RefusedCall } from '../call-failures.js'
import type { Target } from '../running/targets.js'
import type { InvocationHost } from './invocations.js'
import { hostsToRunAgain, submitAgain } from './submit-again.js'

const never = new AbortController().signal
const host = (instanceId: string, status: string, errorCode = '', errorInfo = ''): InvocationHost => ({
  instanceId,
  status,
  errorCode,
  errorInfo,
  startTime: '',
  finishTime: '',
})
const refusal = (code: string): RefusedCall =>
  new RefusedCall({ status: 403, code, message: '', requestId: '', retryAfterMs: undefined }, [])

describe('the hosts that something runs on again', () => {
  const hosts = [
    host('done', 'Success'),
    host('failed', 'Failed'),
    host('away', 'Aborted', 'ClientNotRunning', 'away'),
    host('stopped', 'Cancelled'),
    host('left-out', 'Cancelled', '', '1 host failed, and it halts at 1'),
    host('left-out-of-a-file', 'Aborted', 'RolloutEnded', '1 host failed, and it halts at 1'),
    host('waits', 'Pending'),
  ]

  it.each([
    [true, ['failed', 'away', 'left-out', 'left-out-of-a-file']],
    [false, ['failed', 'away']],
  ])('with a halt: %s', (isHalted, expected) => {
    expect(hostsToRunAgain(hosts, isHalted).map(({ instanceId }) => instanceId)).toEqual(expected)
  })
})

describe('submitting again', () => {
  const hosts = Array.from({ length: 7 }, (_, index) => host(`mi-${index}`, 'Failed'))

  /** A server that takes two hosts in a call, and has some of them no more. */
  const serverOf = (gone: readonly string[] = []) => {
    const calls: (readonly string[])[] = []
    const call = async (targets: readonly Target[]) => {
      const ids = targets.map(({ instanceId }) => instanceId)
      calls.push(ids)
      if (ids.length === 0 || ids.length > 2) throw refusal('InstanceIds.ExceedLimit')
      if (ids.every((id) => gone.includes(id))) throw refusal('InvalidRerunOf.NothingFailed')
      return { InvokeId: `t-${ids.join('-')}` }
    }
    return { calls, call }
  }

  it('is one call where that is enough', async () => {
    const call = async (targets: readonly Target[]) => ({ InvokeId: `t-${targets.length}` })
    expect(await submitAgain(call, hosts, 4, false, never)).toEqual({ invokeIds: ['t-0'], refused: [], notAsked: 0 })
  })

  it('is several where the hosts are too many for one, each host once, without those that are gone', async () => {
    const { call } = serverOf(['mi-0', 'mi-1'])
    const { invokeIds, refused, notAsked } = await submitAgain(call, hosts, 4, false, never)
    expect({ refused, notAsked }).toEqual({ refused: [], notAsked: 0 })
    const ids = invokeIds.flatMap((id) => id.match(/mi-\d/g) ?? [])
    expect(ids.toSorted()).toEqual(hosts.slice(2).map(({ instanceId }) => instanceId))
  })

  it('is not taken apart where hosts get their turns, and says how it can be', async () => {
    const { call, calls } = serverOf()
    await expect(submitAgain(call, hosts, 4, true, never)).rejects.toMatchObject({
      code: 'InstanceIds.ExceedLimit',
      advice: [expect.stringContaining('--at-once')],
    })
    expect(calls).toHaveLength(1)
  })

  it('begins no further call once it is left, and tells for how many hosts', async () => {
    const { call } = serverOf()
    await expect(submitAgain(call, hosts, 4, false, AbortSignal.abort())).resolves.toMatchObject({ notAsked: 7 })
  })
})
