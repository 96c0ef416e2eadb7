import { setTimeout as delay } from 'node:timers/promises'
import { EXIT } from '../../command-line/exit-codes.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import { type Api, openApi } from '../call-operation.js'
import { turnText } from '../output/rollout-text.js'
import { CONNECTION_OPTIONS, readConnection } from '../settings.js'
import { getRollout, type Rollout } from './rollouts.js'

/** A subcommand that changes the status of a rollout, and tells what became of it. */
export const controlSubcommand = (
  verb: 'pause' | 'resume' | 'cancel',
  action: 'PauseRollout' | 'ResumeRollout' | 'CancelRollout',
  summary: string,
  description: string,
) =>
  defineSubcommand({
    name: `rollouts ${verb}`,
    summary,
    description: [description],
    positionals: [{ name: 'ID', about: 'the invocation (t-…) or the file send (f-…)' }],
    options: CONNECTION_OPTIONS,
    examples: [{ about: 'One rollout', line: `openassist rollouts ${verb} t-1` }],
    exitCodes: [
      { code: EXIT.failure, about: 'There is no such rollout, or it is over.' },
      { code: EXIT.noServer, about: 'The server cannot be reached.' },
    ],
    run: async ({ options, words: [invokeId = ''], terminal }) => {
      using api = openApi(readConnection(options, terminal))
      await api.call(action, [['InvokeId', invokeId]])
      const rollout = await settledRollout(api, invokeId)
      const isHeldAgain = verb === 'resume' && rollout.status === 'Paused'
      const again = isHeldAgain
        ? '\n  Its wave ended while it was paused: resume it once more to begin the next one.'
        : ''
      terminal.stderr.write(`${invokeId} is ${turnText(rollout, options, terminal)}${again}\n`)
      return EXIT.ok
    },
  })

/** Looks at a rollout that did not move, until what is due at once is done. */
const LOOKS = 10
const BETWEEN_LOOKS_MS = 200

/** Its next step is due at once: one that goes on has hosts at work or ends its wave, one that was cancelled has nobody left who waits. */
const isDue = ({ status, active, waiting, queued }: Rollout): boolean =>
  (status === 'InProgress' && active === 0 && waiting > 0) || (status === 'Cancelled' && waiting + queued > 0)

/** How it is once the steps that a change leads to are taken, as long as it moves. */
export const settledRollout = async (api: Api, invokeId: string): Promise<Rollout> => {
  let [before, looks] = [Number.POSITIVE_INFINITY, 0]
  for (;;) {
    const rollout = await getRollout(api, invokeId)
    const waiting = rollout.waiting + rollout.queued
    looks = waiting < before ? 1 : looks + 1
    before = waiting
    if (!isDue(rollout) || looks === LOOKS) return rollout
    await delay(BETWEEN_LOOKS_MS)
  }
}
