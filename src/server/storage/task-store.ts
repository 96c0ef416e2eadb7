import type { Scope } from '../domain/access/scope.js'
import { Fault } from '../domain/faults.js'
import type { Task, TaskResult, TerminationMode } from '../domain/invocations/invocations.js'
import { statesOfRecordStatus } from '../domain/invocations/roll-up.js'
import { FAILURES, isFinal } from '../domain/invocations/task-states.js'
import type { TaskReader, TaskRow, TaskStore } from '../domain/invocations/task-store.js'
import { DEFAULT_ANSWER_BOUNDS } from '../domain/paging.js'
import { failedHosts } from './failed-hosts.js'
import { heldTasks } from './held-tasks.js'
import { deliveriesOf, deliveryKey } from './delivery-store.js'
import { addTasksToTotals, readTotals } from './invocation-totals.js'
import { countOf, EVERY_STATE, readResults } from './result-list.js'
import { outputOfRun, readHistory } from './run-history.js'
import { runWriter } from './run-writer.js'
import { numberOf, type Row, type SqlReader, type SqlValue, type SqlWriter, textOf } from './sql.js'
import { tagConditions, tagsOf } from './tag-store.js'
import { outputOf } from './task-output.js'
import { TASK_COLUMNS, taskOf, taskRow, toldTask } from './task-row.js'
import { toldInvocations } from './told-invocations.js'

const TASKS = `select ${TASK_COLUMNS}, i.command_id from task t join invocation i on i.id = t.invocation_id where`

/** What waited when a rollout ended: the rollout says why, somebody who stops a task does not. */
const LEFT_OUT = `(state in ('Waiting', 'Queued') or (state = 'Cancelled' and error_info <> ''))`

/** Tasks read at a time: more would hold the event loop (design §8). */
const CHUNK = 500

/** Rows in id order, some at a time. */
async function* rowsOfInvocations(
  sql: SqlReader,
  invokeIds: readonly string[],
  instanceId: string | undefined,
  amount: number,
): AsyncGenerator<readonly Row[]> {
  const ids = JSON.stringify(invokeIds)
  const ofAll = `${TASKS} ${sql.dialect.within('t.invocation_id', '$1')}`
  if (instanceId !== undefined) return yield await sql.all(`${ofAll} and t.instance_id = $2`, [ids, instanceId])
  if (amount <= CHUNK) return yield await sql.all(`${ofAll} order by t.invocation_id, t.instance_id`, [ids])
  const next = `${TASKS} t.invocation_id = $1 and t.instance_id > $2 order by t.instance_id limit ${CHUNK}`
  for (const invokeId of invokeIds) {
    let after = ''
    for (;;) {
      const chunk = await sql.all(next, [invokeId, after])
      yield chunk
      if (chunk.length < CHUNK) break
      after = textOf(chunk.at(-1)?.['instance_id'])
      await turn()
    }
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * The tasks of several invocations, by invocation, in id order. Fault: `output/too-large`.
 * @param amount how many they are
 * @param mostOutput bytes of output that are read; undefined: none
 */
export const tasksOfInvocations = async (
  sql: SqlReader,
  invokeIds: readonly string[],
  instanceId: string | undefined,
  amount: number,
  mostOutput: number | undefined,
): Promise<ReadonlyMap<string, readonly Task[]>> => {
  const found = new Map<string, Task[]>()
  if (invokeIds.length === 0) return found
  let count = 0
  let size = 0
  // Rows are let go of chunk by chunk: what is kept of thousands is copied by the garbage collector.
  for await (const rows of rowsOfInvocations(sql, invokeIds, instanceId, amount)) {
    count += rows.length
    size += rows.reduce((sum, row) => sum + numberOf(row['output_bytes']), 0)
    if (mostOutput !== undefined && count > 1 && size > mostOutput) throw new Fault('output/too-large')
    const deliveries = await deliveriesOf(sql, rows)
    for (const row of rows) {
      const invokeId = textOf(row['invocation_id'])
      const output = mostOutput === undefined ? undefined : await outputOf(sql, invokeId, textOf(row['instance_id']))
      const task = toldTask(row, output, deliveries.get(deliveryKey(row)))
      const tasks = found.get(invokeId)
      if (tasks === undefined) found.set(invokeId, [task])
      else tasks.push(task)
    }
  }
  return found
}

/** The command that a run, or the latest one of a task `t`, is of: it is not the one of its invocation `i` after a change of that. */
const COMMAND = `case when i.version = 1 then i.command_id else coalesce((select c.command_id from invocation_command c
  where c.invocation_id = i.id and c.version = coalesce(t.run_version, case when t.run_start is not null then 1 end)),
  i.command_id) end`

/** What results tell of the invocation. */
const OF_INVOCATION = `${COMMAND} as command_id, i.username, i.launcher, i.termination_mode, i.container_id, i.container_name, i.oss_output_delivery`

/**
 * @param lock ends a SELECT whose tasks are going to be changed
 * @param bounds of what one answer holds
 */
export const taskReader = (sql: SqlReader, lock = '', bounds = DEFAULT_ANSWER_BOUNDS): TaskReader => {
  // Texts are made once: statements are kept by their text, and a text that is put together anew is read whole each time.
  const FIND = `select ${TASK_COLUMNS} from task t where t.invocation_id = $1 and t.instance_id = $2${lock}`
  const TO_FETCH = `select ${TASK_COLUMNS} from task t join invocation i on i.id = t.invocation_id
    where t.instance_id = $1 and t.final = 0 and i.committed = 1 and (t.state not in ('Scheduled', 'Waiting', 'Queued')
      or (t.state = 'Scheduled' and t.repeat_mode = 'Period' and t.version <> i.version))
    order by t.invocation_id limit $2${lock}`
  /** There is an invocation of this command and of another one, too. */
  const wasChanged = async ({ accountId, regionId }: Scope, commandId: string): Promise<boolean> =>
    (await sql.get(
      `select 1 as found from invocation_command c join invocation i on i.id = c.invocation_id
       where c.command_id = $3 and i.account_id = $1 and i.region_id = $2
         and exists (select 1 from invocation_command d where d.invocation_id = c.invocation_id and d.command_id <> $3) limit 1`,
      [accountId, regionId, commandId],
    )) !== undefined
  /** @param ofTask conditions that the counters of an invocation that was changed do not know */
  const amountOf = (counted: string | undefined, ofTask: readonly string[] | undefined): string | undefined =>
    counted === undefined || ofTask === undefined
      ? counted
      : `case when i.version = 1 then ${counted}
           else (select count(*) from task t where t.invocation_id = i.id and ${ofTask.join(' and ')}) end`
  return {
    async results(scope, filter, page) {
      const values: SqlValue[] = [scope.accountId, scope.regionId]
      const ofInvocation = ['i.account_id = $1', 'i.region_id = $2', 'i.committed = 1']
      const ofTask: string[] = []
      const add = (where: string[], condition: (parameter: string) => string, value: string | undefined): void => {
        if (value === undefined) return
        values.push(value)
        where.push(condition(`$${values.length}`))
      }
      add(ofInvocation, (p) => `i.id = ${p}`, filter.invokeId)
      const isChanged = filter.commandId !== undefined && (await wasChanged(scope, filter.commandId))
      if (isChanged) {
        const having = (p: string): string => `select id from invocation where command_id = ${p}
          union select invocation_id from invocation_command where command_id = ${p}`
        add(ofInvocation, (p) => `i.id in (${having(p)})`, filter.commandId)
        ofTask.push(`${COMMAND} = $${values.length}`)
      } else add(ofInvocation, (p) => `i.command_id = ${p}`, filter.commandId)
      add(ofInvocation, (p) => `i.resource_group_id = ${p}`, filter.resourceGroupId)
      add(ofTask, (p) => `t.instance_id = ${p}`, filter.instanceId)
      const { recordStatus } = filter
      const states = recordStatus === undefined ? EVERY_STATE : statesOfRecordStatus(recordStatus, EVERY_STATE)
      if (recordStatus !== undefined)
        ofTask.push(states.length === 0 ? '1 = 0' : `t.state in (${states.map((state) => `'${state}'`).join(', ')})`)
      const tagged = tagConditions('invocation', 'i.id', filter.tags ?? [], values)
      if (tagged !== '') ofInvocation.push(tagged.replace(/^ and /, ''))
      const { invokeId, includeHistory } = filter
      const ofRuns = includeHistory === true && invokeId !== undefined
      const isWhole = values.length === 2 && ofTask.length === 0
      const most = bounds.outputBytes
      const found = ofRuns
        ? await readHistory(
            sql,
            {
              invokeId,
              task: TASK_COLUMNS,
              invocation: OF_INVOCATION,
              where: [...ofInvocation, ...ofTask],
              values,
              most,
            },
            page,
          )
        : await readResults(
            sql,
            {
              columns: `${TASK_COLUMNS}, ${OF_INVOCATION}`,
              ofInvocation,
              ofTask,
              ofOneInstance: filter.instanceId !== undefined,
              values,
              amount:
                filter.instanceId === undefined ? amountOf(countOf(states), isChanged ? ofTask : undefined) : undefined,
              ...(isWhole ? { total: async () => (await readTotals(sql, scope)).tasks } : {}),
              most,
            },
            page,
          )
      const ids = [...new Set(found.rows.map((row) => textOf(row['invocation_id'])))]
      const tags = await tagsOf(sql, 'invocation', ids)
      const deliveries = await deliveriesOf(sql, found.rows)
      const items: TaskResult[] = []
      for (const row of found.rows) {
        const invokeId = textOf(row['invocation_id'])
        const ofRun = ofRuns ? await outputOfRun(sql, row) : undefined
        const output = ofRun ?? (await outputOf(sql, invokeId, textOf(row['instance_id'])))
        items.push({
          ...toldTask(row, output, deliveries.get(deliveryKey(row))),
          username: textOf(row['username']),
          launcher: textOf(row['launcher']),
          terminationMode: textOf(row['termination_mode']) as TerminationMode | '',
          containerId: textOf(row['container_id']),
          containerName: textOf(row['container_name']),
          outputDelivery: textOf(row['oss_output_delivery']),
          tags: tags.get(invokeId) ?? [],
        })
      }
      const told = await toldInvocations(sql, ids)
      return {
        items: items.filter(({ invokeId }) => told.has(invokeId)),
        totalCount: found.totalCount,
        nextCursor: found.nextCursor,
      }
    },

    async find(invokeId, instanceId) {
      const [row] = await sql.arrays(FIND, [invokeId, instanceId])
      return row === undefined ? undefined : taskOf(row)
    },

    async unfinishedOf(instanceId, limit) {
      const rows = await sql.arrays(
        `select ${TASK_COLUMNS} from task t join invocation i on i.id = t.invocation_id
       where t.instance_id = $1 and t.final = 0 and t.state not in ('Scheduled', 'Waiting', 'Queued') and i.committed = 1
       order by t.invocation_id limit $2${lock}`,
        [instanceId, limit],
      )
      return rows.map(taskOf)
    },

    async schedulesOf(instanceId, limit) {
      const rows = await sql.arrays(
        `select ${TASK_COLUMNS} from task t join invocation i on i.id = t.invocation_id
       where t.instance_id = $1 and t.final = 0 and t.repeat_mode <> 'Once' and i.committed = 1
       order by t.invocation_id limit $2${lock}`,
        [instanceId, limit],
      )
      return rows.map(taskOf)
    },

    async toFetch(instanceId, limit) {
      const rows = await sql.arrays(TO_FETCH, [instanceId, limit])
      return rows.map(taskOf)
    },

    async hasWork(instanceId) {
      const text = `select 1 as found from task t join invocation i on i.id = t.invocation_id
      where t.instance_id = $1 and t.final = 0 and i.committed = 1 and (t.state = 'Pending'
        or (t.state = 'Stopping' and (t.started_at is not null or t.repeat_mode = 'Period'))
        or (t.state = 'Scheduled' and t.repeat_mode = 'Period' and t.version <> i.version)) limit 1`
      return (await sql.get(text, [instanceId])) !== undefined
    },

    async amountWith(invokeId, instanceIds) {
      const row = await sql.get(
        `select count(*) as amount from task where invocation_id = $1 and not ${sql.dialect.within('instance_id', '$2')}`,
        [invokeId, JSON.stringify(instanceIds)],
      )
      return numberOf(row?.['amount'] ?? 0) + instanceIds.length
    },

    async among(invokeId, instanceIds) {
      const rows = await sql.arrays(
        `select ${TASK_COLUMNS} from task t where t.invocation_id = $1 and ${sql.dialect.within('t.instance_id', '$2')}
       order by t.instance_id${lock}`,
        [invokeId, JSON.stringify(instanceIds)],
      )
      return rows.map(taskOf)
    },

    async hasUnfinished(instanceId) {
      const text = `select 1 as found from task where instance_id = $1 and final = 0 and state not in ('Waiting', 'Queued') limit 1`
      return (await sql.get(text, [instanceId])) !== undefined
    },

    ...heldTasks(sql, { table: 'task', id: 'invocation_id', columns: TASK_COLUMNS, rowOf: taskRow, lock }),

    hostsWhereFailed: failedHosts(sql, { table: 'task', id: 'invocation_id', states: FAILURES, leftOut: LEFT_OUT }),

    async overdue(now, limit) {
      const rows = await sql.arrays(
        `select ${TASK_COLUMNS} from task t join invocation i on i.id = t.invocation_id
       where t.final = 0 and t.deadline_at <= $1 and i.committed = 1 order by t.deadline_at limit $2`,
        [now, limit],
      )
      return rows.map(taskOf)
    },

    async ofInvocation(invokeId, after, limit) {
      const rows = await sql.arrays(
        `select ${TASK_COLUMNS} from task t where t.invocation_id = $1 and t.instance_id > $2 order by t.instance_id limit $3${lock}`,
        [invokeId, after ?? '', limit],
      )
      return rows.map(taskOf)
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

/** Columns of a task that change. A column that is not set costs no index anything. */
const CHANGING: readonly { readonly column: string; readonly of: (task: TaskRow) => SqlValue }[] = [
  { column: 'state', of: (task) => task.state },
  { column: 'final', of: (task) => (isFinal(task.state) ? 1 : 0) },
  { column: 'outcome_unknown', of: (task) => (task.outcomeUnknown ? 1 : 0) },
  { column: 'error_code', of: (task) => task.errorCode },
  { column: 'error_info', of: (task) => task.errorInfo },
  { column: 'exit_code', of: (task) => task.exitCode ?? null },
  { column: 'dropped', of: (task) => task.dropped },
  { column: 'output_bytes', of: (task) => task.outputBytes },
  { column: 'agent_process', of: (task) => task.agentProcess },
  { column: 'agent_tells', of: (task) => (task.agentTells === undefined ? null : task.agentTells ? 1 : 0) },
  { column: 'version_since', of: (task) => task.versionSince ?? null },
  { column: 'version', of: (task) => task.version },
  { column: 'handed_out_at', of: (task) => task.handedOutAt ?? null },
  { column: 'reported_at', of: (task) => task.reportedAt ?? null },
  { column: 'started_at', of: (task) => task.startedAt ?? null },
  { column: 'finished_at', of: (task) => task.finishedAt ?? null },
  { column: 'stopped_at', of: (task) => task.stoppedAt ?? null },
  { column: 'deadline_at', of: (task) => task.deadlineAt ?? null },
  { column: 'created_at', of: (task) => task.createdAt },
  { column: 'runs', of: (task) => task.runs },
  { column: 'run_start', of: (task) => task.runStart ?? null },
  { column: 'run_version', of: (task) => task.runVersion ?? null },
]

const updates = new Map<number, string>()

/**
 * Statement that sets some columns of a task: few sets of them ever occur.
 * @param changed a bit for each of `CHANGING`
 */
const updateOf = (changed: number): string => {
  let text = updates.get(changed)
  if (text === undefined) {
    const columns = CHANGING.filter((_, index) => (changed & (1 << index)) !== 0)
    const sets = ['updated_at = $3', ...columns.map(({ column }, index) => `${column} = $${index + 4}`)]
    text = `update task set ${sets.join(', ')} where invocation_id = $1 and instance_id = $2`
    updates.set(changed, text)
  }
  return text
}

export const taskStore = (sql: SqlWriter): TaskStore => ({
  ...taskReader(sql, sql.dialect.lockTasks),
  ...runWriter(sql),

  async add(invokeId, tasks, { repeatMode, deliversOutput }, now) {
    const rows = tasks.map((task) => [
      task.instanceId,
      task.state,
      isFinal(task.state) ? 1 : 0,
      task.errorCode,
      task.errorInfo,
      task.deadlineAt ?? null,
      task.position ?? null,
    ])
    await sql.run(
      `insert into task (invocation_id, instance_id, state, final, outcome_unknown, error_code, error_info, exit_code, dropped,
         output_bytes, agent_process, created_at, handed_out_at, reported_at, started_at, finished_at, stopped_at, updated_at, deadline_at,
         repeat_mode, runs, delivers_output, position)
       select cast($1 as text), instance_id, state, final, 0, error_code, error_info, null, 0, 0, '', cast($2 as bigint), null, null, null,
         null, null, cast($2 as bigint), deadline_at, cast($4 as text), 0, cast($5 as bigint), position
       from ${sql.dialect.batch('$3', ADD_COLUMNS)}`,
      [invokeId, now, JSON.stringify(rows), repeatMode, deliversOutput ? 1 : 0],
    )
    await addTasksToTotals(sql, invokeId, tasks.length)
  },

  async save(before, after, now) {
    const values: SqlValue[] = [after.invokeId, after.instanceId, now]
    let changed = 0
    for (const [index, { of }] of CHANGING.entries()) {
      const value = of(after)
      if (value === of(before)) continue
      values.push(value)
      changed |= 1 << index
    }
    await sql.run(updateOf(changed), values)
  },

  async holdUnfinished(invokeId, instanceIds) {
    // All in one order: a stop comes to them so, too.
    const held = await sql.arrays(
      `select t.final from task t where t.invocation_id = $1 and (t.final = 0 or ${sql.dialect.within('t.instance_id', '$2')})
       order by t.instance_id${sql.dialect.lockTasks}`,
      [invokeId, JSON.stringify(instanceIds)],
    )
    return held.filter(([final]) => final === 0).length
  },

  async reschedule(invokeId, deadlineAt) {
    await sql.run(`update task set deadline_at = $2 where invocation_id = $1 and state = 'Scheduled'`, [
      invokeId,
      deadlineAt ?? null,
    ])
  },

  async appendOutput(invokeId, instanceId, data) {
    if (data.byteLength === 0) return
    await sql.run(
      `insert into task_output (invocation_id, instance_id, seq, data)
       values ($1, $2, (select coalesce(max(seq), 0) + 1 from task_output where invocation_id = $1 and instance_id = $2), $3)`,
      [invokeId, instanceId, data],
    )
  },

  async clearOutput(invokeId, instanceId) {
    await sql.run('delete from task_output where invocation_id = $1 and instance_id = $2', [invokeId, instanceId])
  },

  async removeOfInvocation(invokeId, limit) {
    const rows = await sql.all('select instance_id from task where invocation_id = $1 order by instance_id limit $2', [
      invokeId,
      limit,
    ])
    const ids = rows.map((row) => textOf(row['instance_id']))
    const list = JSON.stringify(ids)
    for (const table of ['task_output', 'task_run', 'task'])
      await sql.run(`delete from ${table} where invocation_id = $1 and ${sql.dialect.within('instance_id', '$2')}`, [
        invokeId,
        list,
      ])
    return ids
  },
})
