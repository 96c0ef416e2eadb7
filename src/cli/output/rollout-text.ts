import { calledAs } from '../../command-line/called-as.js'
import type { Colours, Output, Terminal } from '../../command-line/terminal.js'
import type { Rollout } from '../rollouts/rollouts.js'
import { type ConnectionValues, sameServer } from '../settings.js'
import { count } from './count.js'
import { type Fact, factLines } from './facts.js'
import { relativeTime } from './relative-time.js'
import { table } from './table.js'

const painter =
  (colours: Colours) =>
  (cell: string, { status }: { readonly status: string }): string => {
    if (status === 'Finished') return colours.green(cell)
    return status === 'InProgress' || status === 'Paused' ? colours.yellow(cell) : colours.red(cell)
  }

const numbers = (value: number): string => value.toLocaleString('en-US')
const waveOf = ({ wave, waves }: Rollout): string => `${wave} of ${waves.split(',').length}`

/** Rollouts for people: a line each, titles first. */
export const rolloutTable = (rollouts: readonly Rollout[], now: number, colours: Colours): readonly string[] =>
  table(
    rollouts,
    [
      { title: 'INVOCATION', text: ({ invokeId }) => invokeId },
      { title: 'ASKED FOR', text: ({ creationTime }) => relativeTime(creationTime, now) },
      { title: 'STATUS', text: ({ status }) => status, paint: painter(colours) },
      { title: 'WAVE', text: waveOf },
      { title: 'HOSTS', text: ({ total }) => numbers(total), align: 'right' },
      {
        title: 'DONE',
        text: ({ succeeded, failed, stopped }) => numbers(succeeded + failed + stopped),
        align: 'right',
      },
      { title: 'FAILED', text: ({ failed }) => numbers(failed), align: 'right' },
      { title: 'ACTIVE', text: ({ active }) => numbers(active), align: 'right' },
      { title: 'WAITING', text: ({ waiting }) => numbers(waiting), align: 'right' },
      { title: 'AWAY', text: ({ queued }) => numbers(queued), align: 'right' },
    ],
    colours.bold,
  )

/** Everything about one rollout. */
export const rolloutText = (rollout: Rollout, now: number, { colours }: Output): string => {
  const paint = painter(colours)
  const facts: readonly Fact[] = [
    ['Invocation', rollout.invokeId],
    ['Status', rollout.status, (text) => paint(text, rollout)],
    ['Why', rollout.reason],
    ['Asked for', `${rollout.creationTime} (${relativeTime(rollout.creationTime, now)})`],
    ['At a time', rollout.maxConcurrency === undefined ? '' : `${count(rollout.maxConcurrency, 'host')} at most`],
    ['Halts at', rollout.stopAfterFailures === undefined ? '' : `${numbers(rollout.stopAfterFailures)} failed`],
    ['Waves', rollout.waves.includes(',') ? `${rollout.waves.replaceAll(',', ', ')} hosts` : ''],
    ['Wave', waveOf(rollout)],
    ['Pauses', pauseText(rollout.pauseBetweenWaves)],
    ['Resumes', rollout.resumeTime],
    ['Waits until', rollout.offlineDeadline],
  ]
  return `${[...factLines(facts, colours), '', countsText(rollout)].join('\n')}\n`
}

const pauseText = (pause: string): string =>
  pause === '' ? '' : pause === 'Manual' ? 'between waves, until it is resumed' : `between waves, for ${pause} s`

/** `100 hosts: 40 succeeded, 2 failed, 10 at work, 44 waiting, 4 away` */
export const countsText = ({
  total,
  succeeded,
  failed,
  stopped,
  active,
  scheduled,
  waiting,
  queued,
}: Rollout): string => {
  const parts = [
    [succeeded, 'succeeded'],
    [failed, 'failed'],
    [stopped, 'stopped'],
    [active, 'at work'],
    [scheduled, 'scheduled'],
    [waiting, 'waiting'],
    [queued, 'away'],
  ] as const
  const told = parts.filter(([amount]) => amount > 0).map(([amount, what]) => `${numbers(amount)} ${what}`)
  return `${numbers(total)} ${total === 1 ? 'host' : 'hosts'}: ${told.join(', ')}`
}

/** What became of a rollout while somebody watches, with the line that goes on with it. */
export const turnText = (
  rollout: Rollout,
  connection: ConnectionValues,
  terminal: Pick<Terminal, 'cwd' | 'env'>,
): string => {
  const why = rollout.reason === '' ? '' : `: ${rollout.reason}`
  const line = `${calledAs(terminal.cwd)} rollouts resume ${rollout.invokeId}${sameServer(connection, terminal)}`
  const isHeld = rollout.status === 'Paused'
  const how = !isHeld
    ? ''
    : rollout.resumeTime === ''
      ? `\n  Go on: ${line}`
      : `, until ${rollout.resumeTime}\n  Now: ${line}`
  return `${rollout.status}${why}. ${countsText(rollout)}${how}`
}
