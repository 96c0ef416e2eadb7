// How hosts get their turn: parameters of this server's own, which the vendor's clients pass on (docs/adr/0016-rollouts.md).
import { integer, optional, text } from '../../schema/shape.js'
import type { RolloutRequest } from '../domain/rollouts/rollouts.js'
import { error, type Reason } from './define-operation.js'

/** A number of hosts, or a part of them. */
const SHARE = '(?:[1-9][0-9]{0,6}|(?:[1-9][0-9]?|100)%)'
/** Waves of one rollout. */
const MOST_WAVES = 50
/** Seconds of 30 days. */
const LONGEST = 2_592_000

const share = (about: string, example: string) => optional(text(about, { pattern: SHARE, example }))

export const rolloutParameters = {
  MaxConcurrency: share('How many instances are at work at a time: a number (5) or a part of them (10%).', '10%'),
  StopAfterFailures: share(
    'How many instances may fail before no further one is sent to: a number (3) or a part of them (5%). What waits is then Cancelled.',
    '3',
  ),
  Waves: optional(
    text(
      'Sizes of the waves, each a number or a part of all: 1,10%,50%. What is left is a last wave. A wave begins when the one before is over.',
      { pattern: `${SHARE}(?:,${SHARE}){0,${MOST_WAVES - 1}}`, example: '1,10%' },
    ),
  ),
  PauseBetweenWaves: optional(
    text('Seconds between two waves, or Manual: until ResumeRollout is called.', {
      pattern: '(?:Manual|[1-9][0-9]{0,6})',
      example: 'Manual',
    }),
  ),
  OfflineTimeout: optional(
    integer(
      'For so many seconds, instances without a live agent are waited for. Not given, they are Aborted at once.',
      {
        min: 1,
        max: LONGEST,
        example: 86_400,
      },
    ),
  ),
}

export interface RolloutParameters {
  readonly MaxConcurrency?: string | undefined
  readonly StopAfterFailures?: string | undefined
  readonly Waves?: string | undefined
  readonly PauseBetweenWaves?: string | undefined
  readonly OfflineTimeout?: number | undefined
}

export const hasRollout = (request: RolloutParameters): boolean =>
  [
    request.MaxConcurrency,
    request.StopAfterFailures,
    request.Waves,
    request.PauseBetweenWaves,
    request.OfflineTimeout,
  ].some((value) => value !== undefined)

/** What is wrong with these parameters together. */
export const rolloutReason = (request: RolloutParameters): Reason | undefined => {
  const { Waves, PauseBetweenWaves, MaxConcurrency, StopAfterFailures } = request
  if (PauseBetweenWaves !== undefined && Waves === undefined) return 'Waves/missing'
  // All at once, nothing would be left to leave out.
  const isAtOnce = MaxConcurrency === undefined && Waves === undefined
  return StopAfterFailures !== undefined && isAtOnce ? 'MaxConcurrency/missing' : undefined
}

/** The plan that was asked for; undefined when none was. */
export const rolloutOf = (request: RolloutParameters): RolloutRequest | undefined =>
  hasRollout(request)
    ? {
        maxConcurrency: request.MaxConcurrency,
        stopAfterFailures: request.StopAfterFailures,
        waves: request.Waves?.split(','),
        pauseBetweenWaves: pauseOf(request.PauseBetweenWaves),
        offlineTimeoutSeconds: request.OfflineTimeout,
      }
    : undefined

const pauseOf = (pause: string | undefined): number | undefined =>
  pause === undefined ? undefined : pause === 'Manual' ? 0 : Number(pause)

export const rolloutErrors = [
  error(
    'InvalidParameter.MaxConcurrency',
    400,
    'MaxConcurrency must be a number of instances, such as 5, or a part of them, such as 10%.',
    'MaxConcurrency/malformed',
  ),
  error(
    'InvalidParameter.StopAfterFailures',
    400,
    'StopAfterFailures must be a number of instances, such as 3, or a part of them, such as 5%.',
    'StopAfterFailures/malformed',
  ),
  error(
    'InvalidParameter.Waves',
    400,
    `Waves must be up to ${MOST_WAVES} sizes with commas between them, such as 1,10%,50%.`,
    'Waves/malformed',
  ),
  error(
    'MissingParameter.MaxConcurrency',
    400,
    'StopAfterFailures is for rollouts with MaxConcurrency or Waves.',
    'MaxConcurrency/missing',
  ),
  error('MissingParameter.Waves', 400, 'PauseBetweenWaves is for rollouts with Waves.', 'Waves/missing'),
  error(
    'InvalidParameter.PauseBetweenWaves',
    400,
    'PauseBetweenWaves must be a number of seconds, or Manual.',
    'PauseBetweenWaves/malformed',
  ),
  error('InvalidParameter.OfflineTimeout', 400, `OfflineTimeout must be 1 to ${LONGEST} seconds.`, [
    'OfflineTimeout/malformed',
    'OfflineTimeout/too-small',
    'OfflineTimeout/too-big',
  ]),
] as const

/** For operations on one rollout. */
export const rolloutStateErrors = [
  error('InvalidInvokeId.NotFound', 404, 'The invocation does not exist, or has no rollout.', 'rollout/not-found'),
  error('IncorrectRolloutStatus', 403, 'The rollout is over: Halted, Cancelled or Finished.', 'rollout/over'),
] as const
