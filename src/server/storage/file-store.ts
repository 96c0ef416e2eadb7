import type { Scope } from '../domain/access/scope.js'
import type { ContentType, FileResult, FileSend, NewFile } from '../domain/files/files.js'
import { FILE_CLASSES, type FileCounts, fileClassOf, fileSendStatus } from '../domain/files/file-roll-up.js'
import {
  FILE_FAILURES,
  type FileState,
  fileStatus,
  isFinalFileState,
  ROLLOUT_ENDED,
} from '../domain/files/file-states.js'
import type { FileReader, FileStore, FileTaskRow } from '../domain/files/file-store.js'
import { DEFAULT_ANSWER_BOUNDS } from '../domain/paging.js'
import type { Tag } from '../domain/tags.js'
import { failedHosts } from './failed-hosts.js'
import { heldTasks } from './held-tasks.js'
import { readPage } from './page.js'
import {
  bytesOf,
  maybeNumber,
  numberOf,
  type Row,
  type SqlReader,
  type SqlValue,
  type SqlWriter,
  textOf,
} from './sql.js'
import { addTags, tagConditions, tagsOf } from './tag-store.js'

const COLUMNS = `t.send_id, t.instance_id, t.state, t.outcome_unknown, t.error_code, t.error_info, t.agent_process, t.hand_outs,
  t.created_at, t.handed_out_at, t.finished_at, t.updated_at, t.deadline_at`

const taskRow = (row: Row): FileTaskRow => ({
  invokeId: textOf(row['send_id']),
  instanceId: textOf(row['instance_id']),
  state: textOf(row['state']) as FileState,
  outcomeUnknown: row['outcome_unknown'] === 1,
  errorCode: textOf(row['error_code']),
  errorInfo: textOf(row['error_info']),
  agentProcess: textOf(row['agent_process']),
  handOuts: numberOf(row['hand_outs']),
  createdAt: numberOf(row['created_at']),
  handedOutAt: maybeNumber(row['handed_out_at']),
  finishedAt: maybeNumber(row['finished_at']),
  deadlineAt: maybeNumber(row['deadline_at']),
})

const resultOf = (row: Row): FileResult => {
  const { instanceId, state, errorCode, errorInfo, createdAt, handedOutAt, finishedAt } = taskRow(row)
  const updatedAt = numberOf(row['updated_at'])
  const times = { createdAt, startedAt: handedOutAt, finishedAt, updatedAt }
  return { instanceId, status: fileStatus(state), errorCode, errorInfo, ...times }
}

const fileOf = (row: Row): NewFile => ({
  name: textOf(row['name']),
  description: textOf(row['description']),
  targetDir: textOf(row['target_dir']),
  content: bytesOf(row['content']),
  contentType: textOf(row['content_type']) as ContentType,
  owner: textOf(row['file_owner']),
  group: textOf(row['file_group']),
  mode: textOf(row['file_mode']),
  overwrite: row['overwrite'] === 1,
})

const countsOf = (row: Row): FileCounts => ({
  waiting: numberOf(row['n_waiting']),
  queued: numberOf(row['n_queued']),
  pending: numberOf(row['n_pending']),
  running: numberOf(row['n_running']),
  success: numberOf(row['n_success']),
  failed: numberOf(row['n_failed']),
})

/** Instances of a send. */
const amountOf = (row: Row): number => Object.values(countsOf(row)).reduce((total, count) => total + count, 0)

const sendOf = (row: Row, tags: readonly Tag[], results: readonly FileResult[]): FileSend => ({
  ...fileOf(row),
  invokeId: textOf(row['id']),
  status: fileSendStatus(countsOf(row)),
  createdAt: numberOf(row['created_at']),
  tags,
  results,
  instanceCount: amountOf(row),
})

const PENDING = 'i.n_waiting + i.n_queued + i.n_pending'
const OVER = `${PENDING} + i.n_running = 0`

/** The rules of file-roll-up.ts as conditions; a store test holds them against each other. */
export const FILE_STATUS_CONDITIONS: Readonly<Record<string, string>> = {
  Pending: `${PENDING} > 0`,
  Running: `(${PENDING} = 0 and i.n_running > 0)`,
  Success: `(${OVER} and i.n_failed = 0)`,
  Failed: `(${OVER} and i.n_failed > 0 and i.n_success = 0)`,
  PartialFailed: `(${OVER} and i.n_failed > 0 and i.n_success > 0)`,
}

const FROM = 'file_send i join file_content c on c.send_id = i.id'

const scopeIn = (row: Row): Scope => ({ accountId: textOf(row['account_id']), regionId: textOf(row['region_id']) })

const resultsOfSends = async (
  sql: SqlReader,
  ids: readonly string[],
  instanceId: string | undefined,
): Promise<ReadonlyMap<string, readonly FileResult[]>> => {
  const found = new Map<string, FileResult[]>()
  if (ids.length === 0) return found
  const ofAll = `select ${COLUMNS} from file_task t where ${sql.dialect.within('t.send_id', '$1')}`
  const list = JSON.stringify(ids)
  const rows =
    instanceId === undefined
      ? await sql.all(`${ofAll} order by t.send_id, t.instance_id`, [list])
      : await sql.all(`${ofAll} and t.instance_id = $2`, [list, instanceId])
  for (const row of rows) {
    const id = textOf(row['send_id'])
    const results = found.get(id)
    if (results === undefined) found.set(id, [resultOf(row)])
    else results.push(resultOf(row))
  }
  return found
}

/**
 * @param lock ends a SELECT whose rows are going to be changed
 * @param bounds of what one answer holds
 */
export const fileReader = (sql: SqlReader, lock = '', bounds = DEFAULT_ANSWER_BOUNDS): FileReader => {
  // Asked with every fetch of a host: its text is made once.
  const UNFINISHED = `select ${COLUMNS} from file_task t
    where t.instance_id = $1 and t.final = 0 and t.state not in ('Waiting', 'Queued') order by t.send_id limit $2${lock}`
  return {
    async list(scope, filter, page) {
      const values: SqlValue[] = [scope.accountId, scope.regionId]
      const where = ['i.account_id = $1', 'i.region_id = $2']
      const add = (condition: (parameter: string) => string, value: string | undefined): void => {
        if (value === undefined) return
        values.push(value)
        where.push(condition(`$${values.length}`))
      }
      add((p) => `i.id = ${p}`, filter.invokeId)
      add((p) => `i.name = ${p}`, filter.name)
      add((p) => `i.resource_group_id = ${p}`, filter.resourceGroupId)
      add((p) => `i.id in (select t.send_id from file_task t where t.instance_id = ${p})`, filter.instanceId)
      if (filter.status !== undefined) where.push(FILE_STATUS_CONDITIONS[filter.status] ?? '1 = 0')
      where[where.length - 1] += tagConditions('invocation', 'i.id', filter.tags ?? [], values)
      // Counted without the contents.
      const count = async (): Promise<number> => {
        const row = await sql.get(`select count(*) as amount from file_send i where ${where.join(' and ')}`, values)
        return numberOf(row?.['amount'] ?? 0)
      }
      const query = { select: 'i.*, c.content', from: FROM, where, values, keys: ['i.id'], count }
      const weigh = filter.instanceId === undefined ? amountOf : () => 1
      const found = await readPage(sql, { ...query, weigh, most: bounds.tasks }, page)
      const ids = found.rows.map((row) => textOf(row['id']))
      const tagged = await tagsOf(sql, 'invocation', ids)
      const results = await resultsOfSends(sql, ids, filter.instanceId)
      return {
        // Every send has instances: one whose are gone was removed between the two reads.
        items: found.rows.flatMap((row) => {
          const id = textOf(row['id'])
          const own = results.get(id)
          return own === undefined ? [] : [sendOf(row, tagged.get(id) ?? [], own)]
        }),
        totalCount: found.totalCount,
        nextCursor: found.nextCursor,
      }
    },

    async sent(invokeId) {
      const row = await sql.get(`select i.*, c.content from ${FROM} where i.id = $1`, [invokeId])
      if (row === undefined) return undefined
      return {
        ...fileOf(row),
        scope: scopeIn(row),
        invokeId,
        timeoutSeconds: numberOf(row['timeout_seconds']),
        resourceGroupId: textOf(row['resource_group_id']),
      }
    },

    async scopeOf(invokeId) {
      const row = await sql.get('select account_id, region_id from file_send where id = $1', [invokeId])
      return row === undefined ? undefined : scopeIn(row)
    },

    async find(invokeId, instanceId) {
      const row = await sql.get(
        `select ${COLUMNS} from file_task t where t.send_id = $1 and t.instance_id = $2${lock}`,
        [invokeId, instanceId],
      )
      return row === undefined ? undefined : taskRow(row)
    },

    async unfinishedOf(instanceId, limit) {
      const rows = await sql.all(UNFINISHED, [instanceId, limit])
      return rows.map(taskRow)
    },

    ...heldTasks(sql, { table: 'file_task', id: 'send_id', columns: COLUMNS, rowOf: taskRow, lock }),

    hostsWhereFailed: failedHosts(sql, {
      table: 'file_task',
      id: 'send_id',
      states: FILE_FAILURES,
      and: `error_code <> '${ROLLOUT_ENDED}'`,
      leftOut: `state in ('Waiting', 'Queued') or error_code = '${ROLLOUT_ENDED}'`,
    }),

    async overdue(now, limit) {
      const rows = await sql.all(
        `select ${COLUMNS} from file_task t where t.final = 0 and t.deadline_at <= $1 order by t.deadline_at limit $2`,
        [now, limit],
      )
      return rows.map(taskRow)
    },
  }
}

const ADD_COLUMNS = [
  'instance_id text',
  'state text',
  'final integer',
  'error_code text',
  'error_info text',
  'deadline_at integer',
  'position integer',
]

const TALLY = `update file_send set ${FILE_CLASSES.map((name, index) => `n_${name} = n_${name} + $${index + 2}`).join(', ')} where id = $1`

/** @param tellEnded told of each file that came to its end, when the transaction has committed */
export const fileStore = (sql: SqlWriter, tellEnded: (invokeId: string) => void): FileStore => ({
  ...fileReader(sql, sql.dialect.lockTasks),

  async add(scope, send, tasks) {
    const amount = (name: string): number => tasks.filter((task) => fileClassOf(task.state) === name).length
    await sql.run(
      `insert into file_send (account_id, region_id, id, name, description, target_dir, content_type, file_owner, file_group,
         file_mode, overwrite, timeout_seconds, resource_group_id, invoked_by, ${FILE_CLASSES.map((name) => `n_${name}`).join(', ')}, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
      [
        scope.accountId,
        scope.regionId,
        send.invokeId,
        send.name,
        send.description,
        send.targetDir,
        send.contentType,
        send.owner,
        send.group,
        send.mode,
        send.overwrite ? 1 : 0,
        send.timeoutSeconds,
        send.resourceGroupId,
        send.invokedBy,
        ...FILE_CLASSES.map(amount),
        send.createdAt,
      ],
    )
    await sql.run('insert into file_content (send_id, content) values ($1, $2)', [send.invokeId, send.content])
    await addTags(sql, scope, 'invocation', send.invokeId, send.tags)
    const rows = tasks.map((task) => [
      task.instanceId,
      task.state,
      isFinalFileState(task.state) ? 1 : 0,
      task.errorCode,
      task.errorInfo,
      task.deadlineAt ?? null,
      task.position ?? null,
    ])
    await sql.run(
      `insert into file_task (send_id, instance_id, state, final, outcome_unknown, error_code, error_info, agent_process, hand_outs,
         created_at, handed_out_at, finished_at, updated_at, deadline_at, position)
       select cast($1 as text), instance_id, state, final, 0, error_code, error_info, '', 0, cast($2 as bigint), null, null,
         cast($2 as bigint), deadline_at, position
       from ${sql.dialect.batch('$3', ADD_COLUMNS)}`,
      [send.invokeId, send.createdAt, JSON.stringify(rows)],
    )
  },

  async save(before, after, now) {
    await sql.run(
      `update file_task set state = $3, final = $4, outcome_unknown = $5, error_code = $6, error_info = $7, agent_process = $8,
         hand_outs = $9, handed_out_at = $10, finished_at = $11, updated_at = $12, deadline_at = $13
       where send_id = $1 and instance_id = $2`,
      [
        after.invokeId,
        after.instanceId,
        after.state,
        isFinalFileState(after.state) ? 1 : 0,
        after.outcomeUnknown ? 1 : 0,
        after.errorCode,
        after.errorInfo,
        after.agentProcess,
        after.handOuts,
        after.handedOutAt ?? null,
        after.finishedAt ?? null,
        now,
        after.deadlineAt ?? null,
      ],
    )
    if (isFinalFileState(after.state) && !isFinalFileState(before.state))
      sql.afterCommit(() => tellEnded(after.invokeId))
    const from = fileClassOf(before.state)
    const to = fileClassOf(after.state)
    if (from === to) return
    sql.tally(
      TALLY,
      after.invokeId,
      FILE_CLASSES.map((name) => (name === to ? 1 : name === from ? -1 : 0)),
    )
  },
})
