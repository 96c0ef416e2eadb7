// Hosts that get their turns: what was asked for, and what the server may tell of it. Written from docs/rollouts.md, not from
// the server's decisions.
import { CALLER, SCOPE } from '../../src/server/domain/_support.js'
import { Fault } from '../../src/server/domain/faults.js'
import type { Rollout, RolloutRequest } from '../../src/server/domain/rollouts/rollouts.js'
import type { Chance } from '../load/random.js'
import { type Mode, runsOften, waitsForStart } from './facts.js'
import type { Stage } from './stage.js'

export interface RolloutFacts {
  readonly request: RolloutRequest
  /** How many hosts may be at work at a time. */
  readonly most: number
  readonly text: string
  /** Somebody cancelled it or stopped the whole, or it halts at so many failures: hosts that wait may be left out. */
  mayHold: boolean
}

/** @returns undefined: all at once */
export const chooseRollout = (chance: Chance, mode: Mode | 'File'): RolloutFacts | undefined => {
  if (!chance.chance(0.3)) return undefined
  const isOnce = mode === 'Once' || mode === 'DryRun' || mode === 'File'
  const queue = chance.between(20, 400)
  if (!isOnce)
    return { request: { offlineTimeoutSeconds: queue }, most: Infinity, text: `queue ${queue} s`, mayHold: false }
  const most = chance.between(1, 3)
  const isBound = chance.chance(0.7)
  const hasWaves = chance.chance(0.4)
  const stopAfter = chance.chance(0.4) && (isBound || hasWaves) ? chance.between(1, 2) : undefined
  const pause = hasWaves && chance.chance(0.5) ? chance.pick([0, 15]) : undefined
  const isQueue = chance.chance(0.4)
  const request: RolloutRequest = {
    ...(isBound ? { maxConcurrency: String(most) } : {}),
    ...(hasWaves ? { waves: ['1', '40%'] } : {}),
    ...(stopAfter === undefined ? {} : { stopAfterFailures: String(stopAfter) }),
    ...(pause === undefined ? {} : { pauseBetweenWaves: pause }),
    ...(isQueue || (!isBound && !hasWaves) ? { offlineTimeoutSeconds: queue } : {}),
  }
  return {
    request,
    most: isBound ? most : Infinity,
    text: JSON.stringify(request).replaceAll('"', ''),
    mayHold: stopAfter !== undefined,
  }
}

/** Somebody pauses, resumes or cancels one. */
export const controlRollouts = async (stage: Stage, chance: Chance): Promise<void> => {
  const paced = [...stage.invocations, ...stage.sends].filter(({ rollout }) => rollout !== undefined).slice(-12)
  const verb = chance.pick(['pause', 'resume', 'resume', 'resume', 'cancel'] as const)
  if (paced.length === 0) return
  const one = chance.pick(paced)
  if (verb === 'cancel' && one.rollout !== undefined) one.rollout.mayHold = true
  const became = await stage.world.parts.domain.rollouts[verb](SCOPE, CALLER, one.id).then(
    () => verb,
    (cause: unknown) => {
      if (cause instanceof Fault && cause.kind === 'rollout/over') return 'over'
      throw cause
    },
  )
  stage.sayToAll(`${verb} of the rollout of #${one.number}: ${became}`)
}

/** What the server does each second. */
export const sweepRollouts = async (stage: Stage): Promise<void> => {
  const { rollouts } = stage.world.parts
  await rollouts.sweep()
  await rollouts.settled()
}

export const resumeAll = async (stage: Stage): Promise<void> => {
  for (const { status, invokeId } of await listRollouts(stage))
    if (status === 'Paused') await stage.world.parts.domain.rollouts.resume(SCOPE, CALLER, invokeId)
}

export const listRollouts = async (stage: Stage): Promise<readonly Rollout[]> => {
  const all: Rollout[] = []
  for (let cursor: string | undefined; ; ) {
    const page = { style: 'token', cursor, size: 100 } as const
    const found = await stage.world.parts.domain.rollouts.list(SCOPE, {}, page)
    all.push(...found.items)
    cursor = found.nextCursor
    if (cursor === undefined) return all
  }
}

const FAILED = ['Failed', 'Error', 'Timeout', 'Invalid', 'Aborted']
const STOPPED = ['Cancelled', 'Terminated']
const OVER = ['Finished', 'Halted', 'Cancelled']

/** @param statusesOf what is told of the hosts of an invocation or a file */
export const judgeRollouts = (
  stage: Stage,
  told: readonly Rollout[],
  statusesOf: ReadonlyMap<string, readonly string[]>,
  isSettled: boolean,
): readonly string[] => {
  const wrong: string[] = []
  const paced = [...stage.invocations, ...stage.sends].filter(({ rollout }) => rollout !== undefined)
  if (told.length !== paced.length) wrong.push(`${told.length} rollouts are told, there are ${paced.length}`)
  for (const one of paced) {
    const found = told.find(({ invokeId }) => invokeId === one.id)
    const statuses = statusesOf.get(one.id) ?? []
    const fail = (what: string): void =>
      void wrong.push(`the rollout of #${one.number} (${statuses.join(', ')}): ${what}`)
    if (found === undefined) {
      fail('it is not told')
      continue
    }
    const { counts, status } = found
    const compare = (what: string, is: number, should: number): void => {
      if (is !== should) fail(`${is} are ${what}, and should be ${should}`)
    }
    const amount = (of: readonly string[]): number => statuses.filter((each) => of.includes(each)).length
    compare('hosts', found.total, statuses.length)
    compare('succeeded', counts.succeeded, amount(['Success']))
    compare('failed', counts.failed, amount(FAILED))
    compare('stopped', counts.stopped, amount(STOPPED))
    const open = statuses.length - amount(['Success', ...FAILED, ...STOPPED])
    compare('open', counts.waiting + counts.queued + counts.active + counts.scheduled, open)
    const stands = 'mode' in one && (runsOften(one.mode) || waitsForStart(one.mode))
    if (!stands) compare('scheduled', counts.scheduled, 0)
    if (counts.active > (one.rollout?.most ?? Infinity)) fail(`${counts.active} are at work`)
    const left = counts.waiting + counts.queued + counts.active
    if (status === 'Finished' && left > 0) fail(`it is Finished, and ${left} are left`)
    if ((status === 'Halted' || status === 'Cancelled') && one.rollout?.mayHold !== true) fail(`it is ${status}`)
    if (isSettled && (!OVER.includes(status) || left > 0)) fail(`it is ${status} for ever, ${left} are left`)
  }
  return wrong
}
