import { expect, it } from 'vitest'
import { answerJson, apiOf, startPeer } from '../_support.js'
import { settledRollout } from './control.js'

it.each([
  ['hosts wait that it left out', 'Cancelled', [4, 2, 0], 3],
  ['its next hosts have not begun', 'InProgress', [4, 4, 0], 3],
  ['nothing is due', 'Paused', [4], 1],
])('a rollout is told once %s no longer', async (_, Status, waiting, looks) => {
  await using peer = await startPeer((__, response) => {
    const Waiting = waiting[peer.calls.length - 1] ?? 0
    answerJson(response, { Rollouts: { Rollout: [{ InvokeId: 't-1', Status, Waiting, Active: 0 }] } })
  })
  using api = apiOf(peer)
  expect((await settledRollout(api, 't-1')).waiting).toBe(waiting.at(-1))
  expect(peer.calls).toHaveLength(looks)
})
