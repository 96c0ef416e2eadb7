import { escapeControl } from '../../command-line/escape-control.js'
import { count } from '../output/count.js'
import { summary } from '../output/outcome-text.js'
import type { ProgressLine } from '../output/progress-line.js'
import type { Outcome } from './outcomes.js'
import type { Refused, Submitted } from './submit.js'
import type { TargetChoice, Targets } from './targets.js'

// What is said about the hosts of a submission, and what programs are told of it.

/** `2 hosts: 2 succeeded (t-1, t-2)` */
export const summaryLine = (submitted: readonly Submitted[], outcomes: readonly Outcome[]): string => {
  const ids = submitted.map(({ invokeId }) => invokeId)
  const shown = ids.length > 3 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ')
  return `${summary(outcomes)} (${shown})`
}

/** Why nothing is left of a choice; `what` as in `to run it on`. */
export const noHost = ({ tags }: TargetChoice, { skipped }: Targets, what: string): string => {
  if (skipped.otherSystem + skipped.silent > 0) return `no host is left ${what}.`
  if (tags.length === 0) return 'there is no host yet. The lines that connect one: openassist enroll'
  const named = tags.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)).join(', ')
  return `no host has the ${tags.length === 1 ? 'tag' : 'tags'} ${escapeControl(named)}.`
}

/** The commands that scripts were kept as, one for each call; nothing where none was. */
export const tellKept = (submitted: readonly Submitted[], line: ProgressLine): void => {
  const ids = submitted.flatMap(({ keptAs }) => keptAs ?? [])
  if (ids.length > 0) line.say(`Kept as ${ids.join(', ')}.`)
}

export const tellSkipped = ({ skipped }: Targets, line: ProgressLine): void => {
  if (skipped.otherSystem > 0) {
    line.say(`${count(skipped.otherSystem, 'host')} left out: this type of command does not run on their system.`)
  }
  if (skipped.silent > 0) line.say(`${count(skipped.silent, 'host')} left out: no live agent, or it cannot be reached.`)
}

export const tellRefused = (refused: readonly Refused[], line: Pick<ProgressLine, 'say'>): void => {
  for (const { targets, failure } of refused) {
    const told = [failure.message, ...failure.advice.map((advice) => `  ${advice}`)].join('\n')
    line.say(`Refused for ${count(targets.length, 'host')}, ${targets[0]?.instanceId} and on: ${told}`)
  }
}

/** The calls that were accepted, for programs. */
export const invocationsOf = (submitted: readonly Submitted[]) =>
  submitted.map(({ invokeId, targets, keptAs }) => ({
    invokeId,
    ...(keptAs === undefined ? {} : { commandId: keptAs }),
    instanceIds: targets.map(({ instanceId }) => instanceId),
  }))

/** The calls that were not accepted, for programs. */
export const refusedOf = (refused: readonly Refused[]) =>
  refused.map(({ targets, failure }) => ({
    instanceIds: targets.map(({ instanceId }) => instanceId),
    message: failure.message,
    ...(failure.code === '' ? {} : { code: failure.code }),
  }))
