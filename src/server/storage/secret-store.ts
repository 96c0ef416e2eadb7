import { Fault } from '../domain/faults.js'
import type { Scope } from '../domain/access/scope.js'
import type { OpenSecret, SecretReader, SecretStore } from '../domain/secrets/secret-store.js'
import type { Secret } from '../domain/secrets/secrets.js'
import { readPage } from './page.js'
import { lockQuota } from './quota-lock.js'
import type { Sealer } from './sealer.js'
import { bytesOf, numberOf, type Row, type SqlReader, type SqlValue, type SqlWriter, textOf } from './sql.js'

// Values are bound to their row: one that is copied into another cannot be opened there.
const ofSecret = (scope: Scope, { secretId, version }: Pick<Secret, 'secretId' | 'version'>): string =>
  `secret/${scope.accountId}/${scope.regionId}/${secretId}/${version}`
const ofHandOut = (invokeId: string, secretId: string, version: number): string =>
  `handed-out-secret/${invokeId}/${secretId}/${version}`
const ofOutput = (invokeId: string, instanceId: string): string => `held-output/${invokeId}/${instanceId}`

const SCOPED = 'from secret_parameter s where s.account_id = $1 and s.region_id = $2'
const COLUMNS = 's.id, s.name, s.description, s.version, s.created_at, s.created_by, s.updated_at, s.updated_by'

const secretOf = (row: Row): Secret => ({
  secretId: textOf(row['id']),
  name: textOf(row['name']),
  description: textOf(row['description']),
  version: numberOf(row['version']),
  createdAt: numberOf(row['created_at']),
  createdBy: textOf(row['created_by']),
  updatedAt: numberOf(row['updated_at']),
  updatedBy: textOf(row['updated_by']),
})

export const secretReader = (sql: SqlReader): SecretReader => ({
  async list(scope, filter, page) {
    const values: SqlValue[] = [scope.accountId, scope.regionId]
    const where = ['s.account_id = $1', 's.region_id = $2']
    if (filter.name !== undefined) {
      values.push(filter.name)
      where.push('s.name = $3')
    }
    const found = await readPage(
      sql,
      { select: COLUMNS, from: 'secret_parameter s', where, values, keys: ['s.created_at', 's.id'] },
      page,
    )
    return { items: found.rows.map(secretOf), totalCount: found.totalCount, nextCursor: found.nextCursor }
  },

  async find(scope, name) {
    const row = await sql.get(`select ${COLUMNS} ${SCOPED} and s.name = $3`, [scope.accountId, scope.regionId, name])
    return row === undefined ? undefined : secretOf(row)
  },

  async sizes(scope, names) {
    const rows = await sql.all(`select s.name, s.value_bytes ${SCOPED} and ${sql.dialect.within('s.name', '$3')}`, [
      scope.accountId,
      scope.regionId,
      JSON.stringify(names),
    ])
    return new Map(rows.map((row) => [textOf(row['name']), numberOf(row['value_bytes'])]))
  },

  async count(scope) {
    const row = await sql.get(`select count(*) as amount ${SCOPED}`, [scope.accountId, scope.regionId])
    return numberOf(row?.['amount'] ?? 0)
  },
})

export const secretStore = (sql: SqlWriter, sealer: Sealer): SecretStore => ({
  ...secretReader(sql),

  async count(scope) {
    await lockQuota(sql, 'secret', scope)
    return secretReader(sql).count(scope)
  },

  async hold(scope, name) {
    const row = await sql.get(`select ${COLUMNS} ${SCOPED} and s.name = $3${sql.dialect.lockInOrder ?? ''}`, [
      scope.accountId,
      scope.regionId,
      name,
    ])
    return row === undefined ? undefined : secretOf(row)
  },

  async add(scope, secret, value) {
    const added = await sql.run(
      `insert into secret_parameter (account_id, region_id, name, id, description, version, sealed_value, value_bytes,
         created_at, created_by, updated_at, updated_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (account_id, region_id, name) do nothing`,
      [
        scope.accountId,
        scope.regionId,
        secret.name,
        secret.secretId,
        secret.description,
        secret.version,
        sealer.seal(value, ofSecret(scope, secret)),
        Buffer.byteLength(value),
        secret.createdAt,
        secret.createdBy,
        secret.updatedAt,
        secret.updatedBy,
      ],
    )
    // Another transaction was first.
    if (added === 0) throw new Fault('secret/exists')
  },

  async replace(scope, secret, value) {
    await sql.run(
      `update secret_parameter set description = $4, version = $5, sealed_value = $6, value_bytes = $7, updated_at = $8,
         updated_by = $9
       where account_id = $1 and region_id = $2 and name = $3`,
      [
        scope.accountId,
        scope.regionId,
        secret.name,
        secret.description,
        secret.version,
        sealer.seal(value, ofSecret(scope, secret)),
        Buffer.byteLength(value),
        secret.updatedAt,
        secret.updatedBy,
      ],
    )
  },

  async remove(scope, name) {
    const removed = await sql.run(
      'delete from secret_parameter where account_id = $1 and region_id = $2 and name = $3',
      [scope.accountId, scope.regionId, name],
    )
    return removed > 0
  },

  async handOut(scope, invokeId, names) {
    const rows = await sql.all(
      `select s.id, s.name, s.version, s.sealed_value ${SCOPED} and ${sql.dialect.within('s.name', '$3')} order by s.id`,
      [scope.accountId, scope.regionId, JSON.stringify(names)],
    )
    const opened = new Map<string, OpenSecret>()
    for (const row of rows) {
      const secretId = textOf(row['id'])
      const version = numberOf(row['version'])
      const value = sealer.open(bytesOf(row['sealed_value']), ofSecret(scope, { secretId, version }))
      opened.set(textOf(row['name']), { version, value })
      await sql.run(
        `insert into handed_out_secret (invocation_id, secret_id, version, sealed_value) values ($1, $2, $3, $4)
         on conflict (invocation_id, secret_id, version) do nothing`,
        [invokeId, secretId, version, sealer.seal(value, ofHandOut(invokeId, secretId, version))],
      )
    }
    return opened
  },

  async handedOut(invokeId) {
    const rows = await sql.all(
      'select secret_id, version, sealed_value from handed_out_secret where invocation_id = $1',
      [invokeId],
    )
    return rows.map((row) =>
      sealer.open(
        bytesOf(row['sealed_value']),
        ofHandOut(invokeId, textOf(row['secret_id']), numberOf(row['version'])),
      ),
    )
  },

  async heldOutput(invokeId, instanceId) {
    const row = await sql.get('select sealed from held_output where invocation_id = $1 and instance_id = $2', [
      invokeId,
      instanceId,
    ])
    return row === undefined ? undefined : sealer.open(bytesOf(row['sealed']), ofOutput(invokeId, instanceId))
  },

  async holdOutput(invokeId, instanceId, held) {
    if (held === undefined) {
      await sql.run('delete from held_output where invocation_id = $1 and instance_id = $2', [invokeId, instanceId])
      return
    }
    await sql.run(
      `insert into held_output (invocation_id, instance_id, sealed) values ($1, $2, $3)
       on conflict (invocation_id, instance_id) do update set sealed = excluded.sealed`,
      [invokeId, instanceId, sealer.seal(held, ofOutput(invokeId, instanceId))],
    )
  },
})
