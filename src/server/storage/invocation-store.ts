import type { Scope } from '../domain/access/scope.js'
import type { CommandType } from '../domain/commands/commands.js'
import type { InvocationReader, InvocationScript, InvocationStore } from '../domain/invocations/invocation-store.js'
import type { Invocation, Task, TerminationMode } from '../domain/invocations/invocations.js'
import { hasHistory, isTimed, type RepeatMode } from '../domain/invocations/repeat-modes.js'
import { invocationStatus, legacyInvokeStatus, type StateCounts } from '../domain/invocations/roll-up.js'
import { STATE_CLASSES } from '../domain/invocations/task-states.js'
import { DEFAULT_ANSWER_BOUNDS } from '../domain/paging.js'
import type { SecretUse } from '../domain/secrets/secret-use.js'
import type { Tag } from '../domain/tags.js'
import { addToTotals, readTotals } from './invocation-totals.js'
import { readPage } from './page.js'
import { lockQuota } from './quota-lock.js'
import { keepScript } from './script-store.js'
import { bytesOf, numberOf, type Row, type SqlReader, type SqlValue, type SqlWriter, textOf } from './sql.js'
import { addTags, removeTags, tagConditions, tagsOf } from './tag-store.js'
import { tasksOfInvocations } from './task-store.js'
import { toldInvocations } from './told-invocations.js'

const FROM = 'invocation i join script s on s.hash = i.script_hash'

const PENDING = 'i.n_pending + i.n_waiting + i.n_queued'
const UNFINISHED = 'i.n_pending + i.n_waiting + i.n_queued + i.n_scheduled + i.n_running + i.n_stopping'
const FAILED = 'i.n_failed + i.n_broken'
/** A condition on `i`: every task is final. */
export const OVER = `${UNFINISHED} = 0`
const TOTAL = 'i.n_success + i.n_failed + i.n_broken + i.n_stopped'
const TIMED = `i.repeat_mode in ('Period', 'NextRebootOnly', 'EveryReboot')`
const REPEATS = `i.repeat_mode in ('Period', 'EveryReboot')`
const STOPPED = 'i.stopped_at is not null and i.n_stopped > 0'

/** The rules of roll-up.ts as conditions, legacy and current names together; a store test holds them against each other. */
export const STATUS_CONDITIONS: Readonly<Record<string, string>> = {
  Pending: `${PENDING} > 0`,
  Scheduled: `(${PENDING} = 0 and i.n_scheduled > 0)`,
  Running: `((${PENDING} = 0 and i.n_scheduled = 0 and i.n_running > 0) or (${UNFINISHED} > 0 and not (i.stopped_at is not null and i.n_stopping > 0)))`,
  Stopping: `((${PENDING} = 0 and i.n_scheduled = 0 and i.n_running = 0 and i.n_stopping > 0) or (i.stopped_at is not null and i.n_stopping > 0))`,
  Success: `(${OVER} and i.n_success > 0 and ${FAILED} = 0)`,
  Finished: `(${OVER} and (i.n_broken = 0 or ${REPEATS}) and not (${STOPPED}))`,
  Failed: `(${OVER} and ((i.n_success = 0 and ${FAILED} > 0) or (not (${REPEATS}) and not (${STOPPED}) and i.n_broken > 0 and i.n_broken = ${TOTAL})))`,
  PartialFailed: `(${OVER} and ((i.n_success > 0 and ${FAILED} > 0) or (not (${REPEATS}) and not (${STOPPED}) and i.n_broken > 0 and i.n_broken < ${TOTAL})))`,
  Stopped: `(${OVER} and ((i.n_success = 0 and ${FAILED} = 0) or (${STOPPED})))`,
}

const countsOf = (row: Row): StateCounts => ({
  waiting: numberOf(row['n_waiting']),
  queued: numberOf(row['n_queued']),
  pending: numberOf(row['n_pending']),
  scheduled: numberOf(row['n_scheduled']),
  running: numberOf(row['n_running']),
  stopping: numberOf(row['n_stopping']),
  success: numberOf(row['n_success']),
  failed: numberOf(row['n_failed']),
  broken: numberOf(row['n_broken']),
  stopped: numberOf(row['n_stopped']),
})

/** Tasks of an invocation. */
const amountOf = (row: Row): number => Object.values(countsOf(row)).reduce((total, count) => total + count, 0)

const scopeIn = (row: Row): Scope => ({ accountId: textOf(row['account_id']), regionId: textOf(row['region_id']) })

const invocationOf = (row: Row, tags: readonly Tag[], tasks: readonly Task[]): Invocation => {
  const counts = countsOf(row)
  const repeatMode = textOf(row['repeat_mode']) as RepeatMode
  return {
    invokeId: textOf(row['id']),
    commandId: textOf(row['command_id']),
    commandName: textOf(row['command_name']),
    commandDescription: textOf(row['command_description']),
    commandType: textOf(row['command_type']) as CommandType,
    commandContent: bytesOf(row['content']),
    parameters: textOf(row['parameters']),
    repeatMode,
    frequency: textOf(row['frequency']),
    timed: isTimed(repeatMode),
    status: invocationStatus(counts),
    legacyStatus: legacyInvokeStatus(counts, row['stopped_at'] !== null, hasHistory(repeatMode)),
    username: textOf(row['username']),
    workingDir: textOf(row['working_dir']),
    launcher: textOf(row['launcher']),
    terminationMode: textOf(row['termination_mode']) as TerminationMode | '',
    containerId: textOf(row['container_id']),
    containerName: textOf(row['container_name']),
    outputDelivery: textOf(row['oss_output_delivery']),
    timeoutSeconds: numberOf(row['timeout_seconds']),
    createdAt: numberOf(row['created_at']),
    tags,
    tasks,
  }
}

const scriptOf = (row: Row): InvocationScript => ({
  scope: scopeIn(row),
  invokeId: textOf(row['id']),
  commandId: textOf(row['command_id']),
  commandName: textOf(row['command_name']),
  commandType: textOf(row['command_type']) as CommandType,
  content: bytesOf(row['content']),
  enableParameter: row['enable_parameter'] === 1,
  parameters: textOf(row['parameters']),
  secrets: textOf(row['secrets']) as SecretUse,
  username: textOf(row['username']),
  windowsPasswordName: textOf(row['windows_password_name']),
  workingDir: textOf(row['working_dir']),
  launcher: textOf(row['launcher']),
  terminationMode: textOf(row['termination_mode']) as TerminationMode | '',
  containerId: textOf(row['container_id']),
  containerName: textOf(row['container_name']),
  timeoutSeconds: numberOf(row['timeout_seconds']),
  repeatMode: textOf(row['repeat_mode']) as RepeatMode,
  frequency: textOf(row['frequency']),
  createdAt: numberOf(row['created_at']),
  version: numberOf(row['version']),
})

/** @param bounds of what one answer holds */
export const invocationReader = (sql: SqlReader, bounds = DEFAULT_ANSWER_BOUNDS): InvocationReader => ({
  async list(scope, filter, page) {
    const values: SqlValue[] = [scope.accountId, scope.regionId]
    const where = ['i.account_id = $1', 'i.region_id = $2', 'i.committed = 1']
    const add = (condition: (parameter: string) => string, value: string | undefined): void => {
      if (value === undefined) return
      values.push(value)
      where.push(condition(`$${values.length}`))
    }
    const byInstance = filter.instanceId !== undefined
    add((p) => `i.id = ${p}`, filter.invokeId)
    add((p) => `i.command_id = ${p}`, filter.commandId)
    add((p) => `i.command_type = ${p}`, filter.commandType)
    add((p) => `i.resource_group_id = ${p}`, filter.resourceGroupId)
    add((p) => `i.id in (select t.invocation_id from task t where t.instance_id = ${p})`, filter.instanceId)
    // With an instance these have no effect (api.md §8.1).
    if (!byInstance) add((p) => `i.command_name = ${p}`, filter.commandName)
    if (!byInstance) add((p) => `i.repeat_mode = ${p}`, filter.repeatMode)
    if (filter.timed !== undefined) where.push(`${filter.timed ? '' : 'not '}(${TIMED} and ${UNFINISHED} > 0)`)
    if (filter.invokeStatus !== undefined && !(byInstance && filter.invokeStatus === 'PartialFailed'))
      where.push(STATUS_CONDITIONS[filter.invokeStatus] ?? '1 = 0')
    where[where.length - 1] += tagConditions('invocation', 'i.id', filter.tags ?? [], values)
    const isWhole = where.length === 3 && values.length === 2
    const query = {
      select: 'i.*, s.content',
      from: FROM,
      where,
      values,
      keys: ['i.id'],
      ...(isWhole ? { count: async () => (await readTotals(sql, scope)).invocations } : {}),
    }
    const weigh = byInstance ? () => 1 : amountOf
    const found = await readPage(sql, { ...query, weigh, most: bounds.tasks }, page)
    const ids = found.rows.map((row) => textOf(row['id']))
    const tagged = await tagsOf(sql, 'invocation', ids)
    const withOutput = filter.includeOutput === true && (filter.invokeId !== undefined || byInstance)
    const amount = found.rows.reduce((total, row) => total + weigh(row), 0)
    const mostOutput = withOutput ? bounds.outputBytes : undefined
    const tasks = await tasksOfInvocations(sql, ids, filter.instanceId, amount, mostOutput)
    const told = await toldInvocations(sql, ids)
    return {
      items: found.rows.flatMap((row) => {
        const id = textOf(row['id'])
        return told.has(id) ? [invocationOf(row, tagged.get(id) ?? [], tasks.get(id) ?? [])] : []
      }),
      totalCount: found.totalCount,
      nextCursor: found.nextCursor,
    }
  },

  async exists(scope, invokeId) {
    const row = await sql.get(
      'select 1 as found from invocation where account_id = $1 and region_id = $2 and id = $3 and committed = 1',
      [scope.accountId, scope.regionId, invokeId],
    )
    return row !== undefined
  },

  async script(invokeId) {
    const row = await sql.get(`select i.*, s.content from ${FROM} where i.id = $1`, [invokeId])
    return row === undefined ? undefined : scriptOf(row)
  },

  async version(invokeId) {
    const row = await sql.get('select version from invocation where id = $1', [invokeId])
    return row === undefined ? undefined : numberOf(row['version'])
  },

  async attributes(scope, invokeId) {
    const row = await sql.get(
      `select i.*, s.content, ${UNFINISHED} as unfinished from ${FROM}
       where i.account_id = $1 and i.region_id = $2 and i.id = $3 and i.committed = 1`,
      [scope.accountId, scope.regionId, invokeId],
    )
    if (row === undefined) return undefined
    return {
      ...scriptOf(row),
      commandDescription: textOf(row['command_description']),
      outputDelivery: textOf(row['oss_output_delivery']),
      resourceGroupId: textOf(row['resource_group_id']),
      keepCommand: row['keep_command'] === 1,
      instances: amountOf(row),
      unfinished: numberOf(row['unfinished']),
    }
  },

  async scopeOf(invokeId) {
    const row = await sql.get('select account_id, region_id from invocation where id = $1', [invokeId])
    return row === undefined ? undefined : scopeIn(row)
  },

  async usesCommand(scope, commandId) {
    const row = await sql.get(
      `select 1 as found from invocation i where i.command_id = $3 and i.account_id = $1 and i.region_id = $2
         and (${UNFINISHED} > 0 or i.committed = 0) limit 1`,
      [scope.accountId, scope.regionId, commandId],
    )
    return row !== undefined
  },

  async countOfCommand(scope, commandId) {
    const row = await sql.get(
      `select count(*) as amount from invocation where command_id = $3 and account_id = $1 and region_id = $2 and committed = 1`,
      [scope.accountId, scope.regionId, commandId],
    )
    return numberOf(row?.['amount'] ?? 0)
  },

  async countSince(scope, since) {
    const row = await sql.get(
      'select count(*) as amount from invocation where account_id = $1 and region_id = $2 and created_at >= $3',
      [scope.accountId, scope.regionId, since],
    )
    return numberOf(row?.['amount'] ?? 0)
  },
})

const TALLY = `update invocation set ${STATE_CLASSES.map((name, index) => `n_${name} = n_${name} + $${index + 2}`).join(', ')} where id = $1`

const KEEP_COMMAND = `insert into invocation_command (invocation_id, version, command_id)
  select id, version, command_id from invocation where id = $1 on conflict (invocation_id, version) do nothing`

export const invocationStore = (sql: SqlWriter): InvocationStore => ({
  ...invocationReader(sql),

  async countSince(scope, since) {
    await lockQuota(sql, 'invocation', scope)
    return invocationReader(sql).countSince(scope, since)
  },

  async add(scope, invocation) {
    const hash = await keepScript(sql, invocation.content, invocation.createdAt)
    await sql.run(
      `insert into invocation (account_id, region_id, id, command_id, command_name, command_description, command_type, script_hash,
         enable_parameter, parameters, username, windows_password_name, working_dir, launcher, termination_mode,
         container_id, container_name, oss_output_delivery, timeout_seconds, resource_group_id, keep_command,
         invoked_by, repeat_mode, frequency, secrets,
         committed, stopped_at, n_pending, n_running, n_stopping, n_success, n_failed, n_broken, n_stopped, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $26, 0, null, 0, 0, 0, 0, 0, 0, 0, $25)`,
      [
        scope.accountId,
        scope.regionId,
        invocation.invokeId,
        invocation.commandId,
        invocation.commandName,
        invocation.commandDescription,
        invocation.commandType,
        hash,
        invocation.enableParameter ? 1 : 0,
        invocation.parameters,
        invocation.username,
        invocation.windowsPasswordName,
        invocation.workingDir,
        invocation.launcher,
        invocation.terminationMode,
        invocation.containerId,
        invocation.containerName,
        invocation.outputDelivery,
        invocation.timeoutSeconds,
        invocation.resourceGroupId,
        invocation.keepCommand ? 1 : 0,
        invocation.invokedBy,
        invocation.repeatMode,
        invocation.frequency,
        invocation.createdAt,
        invocation.secrets ?? 'none',
      ],
    )
    await addTags(sql, scope, 'invocation', invocation.invokeId, invocation.tags)
  },

  async commit(invokeId) {
    await sql.run('update invocation set committed = 1 where id = $1', [invokeId])
    await addToTotals(sql, invokeId)
  },

  async holdUnwritten(invokeId) {
    const lock = sql.dialect.lockInOrder ?? ''
    return (await sql.get(`select id from invocation where id = $1 and committed = 0${lock}`, [invokeId])) !== undefined
  },

  async keepScript(content, now) {
    await keepScript(sql, content, now)
  },

  async change(invokeId, { commandId, content, enableParameter, parameters, secrets, frequency, version }, now) {
    const hash = await keepScript(sql, content, now)
    // The version before is not there unless it came by a change, too.
    await sql.run(KEEP_COMMAND, [invokeId])
    await sql.run(
      `update invocation set command_id = $2, script_hash = $3, enable_parameter = $4, parameters = $5, frequency = $6, version = $7,
         secrets = $8
       where id = $1`,
      [invokeId, commandId, hash, enableParameter ? 1 : 0, parameters, frequency, version, secrets],
    )
    await sql.run(KEEP_COMMAND, [invokeId])
  },

  async stopRequested(invokeId, now) {
    await sql.run('update invocation set stopped_at = coalesce(stopped_at, $2) where id = $1', [invokeId, now])
  },

  tally(invokeId, from, to, amount) {
    if (from === to) return
    sql.tally(
      TALLY,
      invokeId,
      STATE_CLASSES.map((name) => (name === to ? amount : name === from ? -amount : 0)),
    )
  },

  async findUncommitted(before, limit) {
    const rows = await sql.all('select id from invocation where committed = 0 and created_at < $1 limit $2', [
      before,
      limit,
    ])
    return rows.map((row) => textOf(row['id']))
  },

  async remove(invokeId) {
    await sql.run('delete from invocation where id = $1', [invokeId])
    await sql.run('delete from rollout where invocation_id = $1', [invokeId])
    await removeTags(sql, 'invocation', invokeId)
  },
})
