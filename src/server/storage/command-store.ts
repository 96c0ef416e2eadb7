import type { CommandReader, CommandStore } from '../domain/commands/command-store.js'
import type { Command, CommandType } from '../domain/commands/commands.js'
import type { Tag } from '../domain/tags.js'
import { readPage } from './page.js'
import { lockQuota } from './quota-lock.js'
import { keepScript } from './script-store.js'
import { bytesOf, numberOf, type Row, type SqlReader, type SqlValue, type SqlWriter, textOf } from './sql.js'
import { addTags, removeTags, tagConditions, tagsOf } from './tag-store.js'

const FROM = 'command c join script s on s.hash = c.script_hash'

const commandOf = (row: Row, tags: readonly Tag[]): Command & { kept: boolean } => ({
  commandId: textOf(row['id']),
  name: textOf(row['name']),
  description: textOf(row['description']),
  type: textOf(row['type']) as CommandType,
  content: bytesOf(row['content']),
  enableParameter: row['enable_parameter'] === 1,
  parameterNames: JSON.parse(textOf(row['parameter_names'])) as string[],
  workingDir: textOf(row['working_dir']),
  timeoutSeconds: numberOf(row['timeout_seconds']),
  launcher: textOf(row['launcher']),
  resourceGroupId: textOf(row['resource_group_id']),
  kept: row['kept'] === 1,
  invokeTimes: numberOf(row['invoke_times']),
  createdAt: numberOf(row['created_at']),
  tags,
})

export const commandReader = (sql: SqlReader): CommandReader => ({
  async list(scope, filter, page) {
    const values: SqlValue[] = [scope.accountId, scope.regionId]
    const where = ['c.account_id = $1', 'c.region_id = $2', 'c.kept = 1']
    const add = (condition: (parameter: string) => string, value: string | undefined): void => {
      if (value === undefined) return
      values.push(value)
      where.push(condition(`$${values.length}`))
    }
    add((p) => `c.id = ${p}`, filter.commandId)
    add((p) => `c.type = ${p}`, filter.type)
    add((p) => `c.resource_group_id = ${p}`, filter.resourceGroupId)
    for (const [column, wanted] of [
      ['c.name', filter.name],
      ['c.description', filter.description],
    ] as const)
      add((p) => sql.dialect.matches(column, p), wanted === undefined ? undefined : sql.dialect.pattern(wanted, 'ends'))
    where[where.length - 1] += tagConditions('command', 'c.id', filter.tags ?? [], values)
    const found = await readPage(sql, { select: 'c.*, s.content', from: FROM, where, values, keys: ['c.id'] }, page)
    const tagged = await tagsOf(
      sql,
      'command',
      found.rows.map((row) => textOf(row['id'])),
    )
    return {
      items: found.rows.map((row) => commandOf(row, tagged.get(textOf(row['id'])) ?? [])),
      totalCount: found.totalCount,
      nextCursor: found.nextCursor,
    }
  },

  async find(scope, commandId) {
    const row = await sql.get(
      `select c.*, s.content from ${FROM} where c.account_id = $1 and c.region_id = $2 and c.id = $3`,
      [scope.accountId, scope.regionId, commandId],
    )
    if (row === undefined) return undefined
    return commandOf(row, (await tagsOf(sql, 'command', [commandId])).get(commandId) ?? [])
  },

  async countKept(scope) {
    const row = await sql.get(
      'select count(*) as amount from command where account_id = $1 and region_id = $2 and kept = 1',
      [scope.accountId, scope.regionId],
    )
    return numberOf(row?.['amount'] ?? 0)
  },
})

export const commandStore = (sql: SqlWriter): CommandStore => ({
  ...commandReader(sql),

  async hold(scope, commandId) {
    const row = await sql.get(
      `select kept from command where account_id = $1 and region_id = $2 and id = $3${sql.dialect.lockRow}`,
      [scope.accountId, scope.regionId, commandId],
    )
    return row?.['kept'] === 1
  },

  async countKept(scope) {
    await lockQuota(sql, 'command', scope)
    return commandReader(sql).countKept(scope)
  },

  async add(scope, command) {
    const hash = await keepScript(sql, command.content, command.createdAt)
    await sql.run(
      `insert into command (account_id, region_id, id, name, description, type, script_hash, enable_parameter, parameter_names,
         working_dir, timeout_seconds, launcher, resource_group_id, kept, invoke_times, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15)`,
      [
        scope.accountId,
        scope.regionId,
        command.commandId,
        command.name,
        command.description,
        command.type,
        hash,
        command.enableParameter ? 1 : 0,
        JSON.stringify(command.parameterNames),
        command.workingDir,
        command.timeoutSeconds,
        command.launcher,
        command.resourceGroupId,
        command.kept ? 1 : 0,
        command.createdAt,
      ],
    )
    await addTags(sql, scope, 'command', command.commandId, command.tags)
  },

  async change(scope, commandId, { name, description, workingDir, timeoutSeconds, launcher }) {
    await sql.run(
      `update command set name = coalesce($4, name), description = coalesce($5, description),
         working_dir = coalesce($6, working_dir), timeout_seconds = coalesce($7, timeout_seconds),
         launcher = coalesce($8, launcher)
       where account_id = $1 and region_id = $2 and id = $3`,
      [
        scope.accountId,
        scope.regionId,
        commandId,
        name ?? null,
        description ?? null,
        workingDir ?? null,
        timeoutSeconds ?? null,
        launcher ?? null,
      ],
    )
  },

  async remove(scope, commandId) {
    await sql.run('delete from command where account_id = $1 and region_id = $2 and id = $3', [
      scope.accountId,
      scope.regionId,
      commandId,
    ])
    await removeTags(sql, 'command', commandId)
  },

  async countInvocation(scope, commandId) {
    await sql.run(
      'update command set invoke_times = invoke_times + 1 where account_id = $1 and region_id = $2 and id = $3',
      [scope.accountId, scope.regionId, commandId],
    )
  },
})
