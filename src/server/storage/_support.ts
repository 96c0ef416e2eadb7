import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase } from '../../../test/postgres/database.js'
import type { UnitOfWork } from '../domain/unit-of-work.js'
import { appendAudit } from './audit-log.js'
import { migratePostgres, migrateSqlite } from './migrate.js'
import { PostgresDatabase } from './postgres/database.js'
import { Sealer } from './sealer.js'
import type { SqlDatabase } from './sql.js'
import { SqliteDatabase } from './sqlite/database.js'
import { type Stores, unitOfWork } from './unit-of-work.js'

export const DIALECTS = ['sqlite', 'postgres'] as const
export type DialectName = (typeof DIALECTS)[number]

export const SCOPE = { accountId: '1000000000000001', regionId: 'cn-hangzhou' }
export const sealer = new Sealer(Buffer.alloc(32, 1))

export interface TestStore extends AsyncDisposable {
  readonly database: SqlDatabase
  readonly stores: Stores
  /** The same database seen by stores that keep nothing in memory yet, as after a restart. */
  reopened(): Stores
}

/** An empty, migrated database: a SQLite file of its own, or a database of its own in the test run's PostgreSQL. */
export const openTestStore = async (dialect: DialectName): Promise<TestStore> => {
  if (dialect === 'postgres') {
    const made = await createDatabase()
    const failures: unknown[] = []
    const database = new PostgresDatabase(made.url, {
      beforeCommit: appendAudit,
      onError: (cause) => failures.push(cause),
    })
    await migratePostgres(database, 0)
    return {
      database,
      stores: unitOfWork(database, sealer),
      reopened: () => unitOfWork(database, sealer),
      async [Symbol.asyncDispose]() {
        await database.close()
        await made.drop()
        if (failures.length > 0) throw new Error('a connection broke', { cause: failures })
      },
    }
  }
  const directory = mkdtempSync(join(tmpdir(), 'openassist-store-'))
  const database = new SqliteDatabase(join(directory, 'facts.sqlite'), {
    beforeCommit: appendAudit,
    prepare: (connection) => migrateSqlite(connection, 0),
  })
  return {
    database,
    stores: unitOfWork(database, sealer),
    reopened: () => unitOfWork(database, sealer),
    async [Symbol.asyncDispose]() {
      await database.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** An instance as a registration makes it. */
export const newInstance = (
  instanceId: string,
  options: { osType?: 'Linux' | 'Windows'; tags?: { key: string; value: string }[]; name?: string } = {},
) => ({
  scope: SCOPE,
  instanceId,
  osType: options.osType ?? ('Linux' as const),
  agentVersion: '2.2.3.578',
  instanceName: options.name ?? instanceId,
  hostname: 'host',
  osVersion: 'Linux',
  machineId: 'machine',
  publicKey: 'key',
  activationId: 'activation',
  intranetIp: '10.0.0.1',
  internetIp: '',
  resourceGroupId: '',
  registeredAt: 1_000,
  tags: options.tags ?? [],
})

/** An invocation with one task on each instance, committed. */
export const addInvocation = (
  stores: UnitOfWork,
  invokeId: string,
  instanceIds: readonly string[],
  createdAt = 1_000,
): Promise<void> =>
  stores.write(async (w) => {
    await w.invocations.add(SCOPE, {
      invokeId,
      commandId: 'c-1',
      commandName: 'name',
      commandDescription: '',
      commandType: 'RunShellScript',
      content: Buffer.from('echo'),
      enableParameter: false,
      parameters: '{}',
      username: '',
      windowsPasswordName: '',
      workingDir: '',
      launcher: '',
      terminationMode: '',
      containerId: '',
      containerName: '',
      outputDelivery: '',
      timeoutSeconds: 60,
      resourceGroupId: '',
      keepCommand: false,
      repeatMode: 'Once',
      frequency: '',
      invokedBy: 'key',
      createdAt,
      tags: [],
    })
    await w.tasks.add(
      invokeId,
      instanceIds.map((instanceId) => ({
        instanceId,
        state: 'Pending' as const,
        errorCode: '',
        errorInfo: '',
        deadlineAt: createdAt + 60_000,
      })),
      { repeatMode: 'Once', deliversOutput: false },
      createdAt,
    )
    w.invocations.tally(invokeId, undefined, 'pending', instanceIds.length)
    await w.invocations.commit(invokeId)
  })
