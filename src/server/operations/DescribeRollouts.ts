// How the hosts of invocations get their turn: an operation of this server's own (docs/adr/0016-rollouts.md).
import { integer, list, optional, record, repeated, text, time } from '../../schema/shape.js'
import { defineOperation, error } from '../contract/define-operation.js'
import { dispatchFailure, forbiddenNotUsed, pagingErrors, regionErrors } from '../contract/error-rows.js'
import { pageFields, pageOf, pageRequest, pageResponseWithId } from '../contract/paging.js'
import * as resources from '../contract/resource-ids.js'
import type { Domain } from '../domain/domain.js'
import type { Rollout } from '../domain/rollouts/rollouts.js'

const STATUSES = ['InProgress', 'Paused', 'Halted', 'Cancelled', 'Finished'] as const

export const DescribeRollouts = defineOperation({
  name: 'DescribeRollouts',
  summary: 'Lists rollouts, newest first: how far they are, and what holds them up.',
  access: 'read',
  addition: true,
  permission: { resources: () => resources.runs(undefined, undefined) },

  request: {
    InvokeId: optional(
      repeated(
        'Only those of these invocations and file sends; InvokeId alone is one of them.',
        text('One of them.', { example: 't-hz0jdfwd9f****' }),
        { max: 100, bare: true },
      ),
    ),
    Status: optional(text('Only those with this status.', { oneOf: STATUSES })),
    ...pageRequest({ pageSize: 50, maxResults: 50 }),
  },

  response: {
    ...pageResponseWithId,
    Rollouts: list(
      'One entry for each rollout.',
      'Rollout',
      record({
        InvokeId: text('The invocation or the file send.'),
        Status: text(
          'InProgress: instances get their turn. Paused: none does. Halted: too many failed. Cancelled: somebody ended it, or stopped the invocation, while instances waited. Finished: every instance had its turn or was stopped by itself, and nothing is Active.',
          { oneOf: STATUSES },
        ),
        Reason: text('Why it has this status, in words.'),
        MaxConcurrency: optional(integer('Instances that are at work at a time, at most.')),
        StopAfterFailures: optional(integer('Failed instances that halt it.')),
        Waves: text('Sizes of its waves, in instances.', { example: '1,10,89' }),
        Wave: integer('The wave whose turn it is, from 1.'),
        PauseBetweenWaves: optional(text('Seconds between two waves, or Manual.')),
        ResumeTime: optional(time('When its pause is over by itself.')),
        OfflineDeadline: optional(time('Until when instances that are away are waited for.')),
        Total: integer('All its instances.'),
        Waiting: integer('Those whose turn has not come.'),
        Queued: integer('Those whose turn came while they were away.'),
        Active: integer('Those that were sent to, or are at work: MaxConcurrency counts these.'),
        Scheduled: integer(
          'Those that have it as a schedule, or for their next start, whether it runs just now or not. They take no place, and do not keep the rollout open.',
        ),
        Succeeded: integer('Those that succeeded.'),
        Failed: integer('Those that failed.'),
        Stopped: integer('Those that were stopped or cancelled.'),
        CreationTime: time('When it was asked for.'),
        UpdateTime: time('When its status or its wave changed last.'),
      }),
    ),
  },

  errors: [
    ...pagingErrors,
    error('InvalidParameter.Status', 400, `Status must be one of ${STATUSES.join(', ')}.`, 'Status/unknown'),
    error('InvokeIds.ExceedLimit', 403, 'The number of invoke IDs exceeds the upper limit.', 'InvokeId/too-many'),
    forbiddenNotUsed,
    ...regionErrors,
    dispatchFailure,
  ],

  async handle({ request, scope, pageTokens }, { rollouts }: Pick<Domain, 'rollouts'>) {
    const asked = pageOf(request, pageTokens)
    const page = await rollouts.list(scope, { invokeIds: request.InvokeId, status: request.Status }, asked)
    return { ...pageFields(page, asked, pageTokens), Rollouts: page.items.map(entry) }
  },
})

const entry = (rollout: Rollout) => ({
  InvokeId: rollout.invokeId,
  Status: rollout.status,
  Reason: rollout.reason,
  MaxConcurrency: rollout.maxConcurrency,
  StopAfterFailures: rollout.stopAfterFailures,
  Waves: rollout.waveEnds.map((end, index) => end - (rollout.waveEnds[index - 1] ?? 0)).join(','),
  Wave: rollout.wave + 1,
  PauseBetweenWaves: rollout.pauseBetweenWaves === 0 ? 'Manual' : rollout.pauseBetweenWaves?.toString(),
  ResumeTime: rollout.resumeAt,
  OfflineDeadline: rollout.queueUntil,
  Total: rollout.total,
  Waiting: rollout.counts.waiting,
  Queued: rollout.counts.queued,
  Active: rollout.counts.active,
  Scheduled: rollout.counts.scheduled,
  Succeeded: rollout.counts.succeeded,
  Failed: rollout.counts.failed,
  Stopped: rollout.counts.stopped,
  CreationTime: rollout.createdAt,
  UpdateTime: rollout.updatedAt,
})
