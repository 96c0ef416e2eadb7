// Builds the rooms behind the doors, in order: store → presence → domain → doors. Listeners, configuration and
// certificates are main's; tests and benches assemble the same parts.
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { type ApiDoor, createApiDoor } from './api/pipeline.js'
import type { CallEvent } from './api/call-event.js'
import type { ApiSettings } from './api/settings.js'
import type { Access } from './domain/access/access.js'
import { runningRepeats } from './domain/access/answer-once.js'
import type { Clock } from './domain/clock.js'
import { keepCommands } from './domain/commands/keep-commands.js'
import { PublicCommands } from './domain/commands/public-commands.js'
import type { Domain, Regions } from './domain/domain.js'
import { together } from './domain/end-lost-work.js'
import type { AgentFiles } from './domain/files/agent-files.js'
import { endLostFiles } from './domain/files/end-lost-files.js'
import { pacedFiles } from './domain/files/paced-files.js'
import { sendFile } from './domain/files/send-file.js'
import { serveFiles } from './domain/files/serve-files.js'
import { observeInstances } from './domain/fleet/observe-instances.js'
import { permitActivations } from './domain/fleet/permit-activations.js'
import { PresenceTable } from './domain/fleet/presence.js'
import type { PresenceStore } from './domain/fleet/presence-store.js'
import { registerHosts } from './domain/fleet/register-hosts.js'
import type { AgentRegistry } from './domain/fleet/agents.js'
import { type AnswerBounds, DEFAULT_ANSWER_BOUNDS } from './domain/paging.js'
import { timeOrderedIds } from './domain/ids.js'
import type { AgentTasks } from './domain/invocations/agent-tasks.js'
import { OutputDeliveries } from './domain/outputs/deliver-outputs.js'
import { NO_OUTPUT_STORES, type OutputStores } from './domain/outputs/output-stores.js'
import { endLostTasks } from './domain/invocations/end-lost-tasks.js'
import { modifyInvocation } from './domain/invocations/modify-invocation.js'
import { pacedInvocations } from './domain/invocations/paced-invocations.js'
import { Reschedules } from './domain/invocations/reschedules.js'
import { serveAgents } from './domain/invocations/serve-agents.js'
import { startInvocation } from './domain/invocations/start-invocation.js'
import { stopInvocation } from './domain/invocations/stop-invocation.js'
import { tagResources } from './domain/tagging/tag-resources.js'
import { controlRollouts } from './domain/rollouts/control-rollouts.js'
import { Pacer } from './domain/rollouts/pacer.js'
import { ToldFeatures } from './domain/invocations/told-features.js'
import { keepSecrets } from './domain/secrets/keep-secrets.js'
import type { UnitOfWork } from './domain/unit-of-work.js'
import type { GatewayEvent } from './gateway/gateway-event.js'
import { createGateway, type Gateway } from './gateway/gateway.js'
import type { GatewaySettings } from './gateway/settings.js'
import { operations } from './operations/index.js'
import { readPublicCommands } from './public-commands/read-public-commands.js'
import { accessKeys } from './storage/access-store.js'
import { appendAudit } from './storage/audit-log.js'
import { migratePostgres, migrateSqlite, NewerSchema, preparePresence } from './storage/migrate.js'
import { nonces } from './storage/nonce-store.js'
import { unusable } from './storage/postgres/unusable.js'
import { postgresPresenceStore, sqlitePresenceStore } from './storage/presence-store.js'
import { Sealer } from './storage/sealer.js'
import type { SqlDatabase } from './storage/sql.js'
import { type CommitTold, SqliteDatabase, sqliteFiles, type SyncFile } from './storage/sqlite/database.js'
import { lockDirectory } from './storage/sqlite/directory-lock.js'
import { SqliteConnection } from './storage/sqlite/driver.js'
import { type Told, unitOfWork } from './storage/unit-of-work.js'
import { Retention } from './retention.js'
import type { Removed } from './storage/retention-store.js'
import { Sweeps } from './sweeps.js'
import { Undo } from './undo.js'
import { localWakeups } from './wakeups/local.js'

const DAY_MS = 86_400_000
const DEFAULT_SECRET_QUOTA = 1_000

/** What a deployment decides about the parts; defaults are in config.ts. */
export interface AssemblySettings {
  readonly dataDir: string
  /** A PostgreSQL URL; undefined: SQLite in the data directory. */
  readonly database: string | undefined
  readonly regions: Regions
  readonly timestampWindowMs: number
  readonly instancesPerInvocation: number
  readonly instancesPerRollout: number
  readonly instancesPerFileSend: number
  readonly instancesPerStatusQuery: number
  readonly commandQuota: number
  readonly activationQuota: number
  /** Secrets in a region; 1,000 when it is not said. */
  readonly secretQuota?: number
  /** Unfinished one-shots that a host has in hand at a time. */
  readonly tasksPerHost: number
  readonly invocationsPerDay: number | undefined
  readonly outputQuota: number
  readonly retentionDays: number
  readonly retentionRecords: number
  readonly fileRetentionDays: number
  readonly fileRetentionRecords: number
  readonly api: Partial<ApiSettings>
  readonly gateway: Partial<GatewaySettings>
  readonly cacheMiB?: number
  /** What one answer holds at most besides its rows. */
  readonly answers?: Partial<AnswerBounds>
}

export interface AssemblyParts {
  readonly settings: AssemblySettings
  /** 32 bytes of the key file. */
  readonly rootKey: Buffer
  readonly clock: Clock
  /** When the caller took the data directory's lock, before it listened; absent: it is taken here. */
  readonly lockedAt?: number
  /** How SQLite's log is made durable; absent: by the system. */
  readonly syncFile?: SyncFile
  /** Where outputs can be delivered to; absent: nowhere. */
  readonly outputStores?: OutputStores
  readonly tellCall: (event: CallEvent) => void
  readonly tellGateway: (event: GatewayEvent) => void
  readonly tellCommit: (told: CommitTold) => void
  /** A task ended in this state; after the commit. */
  readonly tellTaskEnded?: (state: string) => void
  /** The delivery of an output came to its end, in this state. */
  readonly tellDelivered?: (status: string) => void
  /** Something of the server's own failed in the background. */
  readonly tellFailure: (at: string, cause: unknown) => void
  /** Rows that retention removed, by kind. */
  readonly tellRemoved: (removed: Removed) => void
}

export interface Assembly {
  readonly database: SqlDatabase
  readonly sealer: Sealer
  readonly stores: UnitOfWork
  readonly presence: PresenceTable
  readonly domain: Domain
  readonly registry: AgentRegistry
  readonly tasks: AgentTasks
  readonly files: AgentFiles
  readonly api: ApiDoor
  readonly gateway: Gateway
  readonly outputs: OutputDeliveries
  readonly sweeps: Sweeps
  readonly rollouts: Pacer
  /** Loads presence and the rows of the agent status in the background; both doors answer before it is done. */
  warmUp(scope: { accountId: string; regionId: string }): Promise<void>
  /** Closes in reverse order: doors, sweeps, presence, store. */
  stop(): Promise<void>
}

interface OpenStore {
  readonly database: SqlDatabase
  readonly presenceStore: PresenceStore
}

const openStore = async (parts: AssemblyParts, undo: Undo): Promise<OpenStore> => {
  const { settings, clock } = parts
  if (settings.database !== undefined) {
    // Its library takes 10 MB and 40 ms, and a server on SQLite needs none of it.
    const { PostgresDatabase } = await import('./storage/postgres/database.js')
    const database = new PostgresDatabase(settings.database, {
      beforeCommit: appendAudit,
      onError: (cause) => parts.tellFailure('postgres', cause),
    })
    undo.defer(() => database.close())
    try {
      await migratePostgres(database, clock.now())
    } catch (cause) {
      throw cause instanceof NewerSchema ? cause : unusable(settings.database, cause)
    }
    return { database, presenceStore: postgresPresenceStore(database) }
  }
  if (parts.lockedAt === undefined) {
    mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 })
    const lock = lockDirectory(settings.dataDir)
    undo.defer(async () => lock.release())
  }
  const files = sqliteFiles(settings.dataDir)
  const database = new SqliteDatabase(files.facts, {
    beforeCommit: appendAudit,
    tell: parts.tellCommit,
    tellLost: (cause) => parts.tellFailure('the disk; restart the server', cause),
    ...(settings.cacheMiB === undefined ? {} : { cacheMiB: settings.cacheMiB }),
    ...(parts.syncFile === undefined ? {} : { syncFile: parts.syncFile }),
    prepare: (connection) => migrateSqlite(connection, clock.now()),
  })
  undo.defer(() => database.close())
  const presence = new SqliteConnection(files.presence, ['journal_mode = wal', 'synchronous = normal'])
  undo.defer(async () => presence.close())
  preparePresence(presence)
  return { database, presenceStore: sqlitePresenceStore(presence) }
}

/** For so long after a start any agent may ask again for what its lost answer held (agent-protocol.md §4.3). */
const LOST_ANSWER_MS = 60_000

/** @throws NewerSchema, or an error of the database that says what is wrong with it */
export const assemble = async (parts: AssemblyParts): Promise<Assembly> => {
  const { settings, clock } = parts
  const sealer = new Sealer(parts.rootKey)
  await using undo = new Undo()
  const store = await openStore(parts, undo)
  const { database } = store
  let pacer: Pacer | undefined
  const told: Told = {
    taskEnded(state, invokeId) {
      parts.tellTaskEnded?.(state)
      pacer?.taskEnded(invokeId)
    },
    fileEnded: (invokeId) => pacer?.taskEnded(invokeId),
  }
  const stores = unitOfWork(database, sealer, told, { ...DEFAULT_ANSWER_BOUNDS, ...settings.answers })
  const presence = new PresenceTable({
    clock,
    store: store.presenceStore,
    lastAlive: await store.presenceStore.lastAlive(),
    ...(parts.lockedAt === undefined ? {} : { since: parts.lockedAt }),
  })
  await presence.open()
  const ids = timeOrderedIds(clock, (bytes) => randomBytes(bytes), randomUUID)
  const wakeups = localWakeups()
  const wake = (instanceIds: readonly string[]): void => wakeups.send(instanceIds)
  const rejections = new Map<string, number>()

  const reschedules = new Reschedules(clock.now() + LOST_ANSWER_MS)

  const features = new ToldFeatures()
  const rollouts = new Pacer({
    stores,
    clock,
    presence,
    tasks: { invocation: pacedInvocations({ stores, presence, features }), file: pacedFiles({ stores, presence }) },
    wake,
    tellFailure: parts.tellFailure,
  })
  pacer = rollouts
  undo.defer(() => rollouts.stop())

  const { tasksPerHost } = settings
  const lost = together(
    endLostTasks({ stores, clock, presence, rejections, tasksPerHost, reschedules, wake }),
    endLostFiles({ stores, clock, presence, rejections }),
  )
  const registry = registerHosts({ stores, clock, ids, presence, random: Math.random, processChange: lost })
  const tasks = serveAgents({
    stores,
    clock,
    presence,
    wake,
    rejections,
    outputQuota: settings.outputQuota,
    tasksPerHost,
    reschedules,
    pacer: rollouts,
    features,
  })
  const files = serveFiles({ stores, clock, presence, wake })
  const { outputStores = NO_OUTPUT_STORES } = parts
  const outputs = new OutputDeliveries({
    stores,
    outputStores,
    clock,
    random: Math.random,
    tellEnded: parts.tellDelivered ?? (() => undefined),
    tellFailure: parts.tellFailure,
  })
  const publicCommands = new PublicCommands(readPublicCommands())
  const domain: Domain = {
    instances: observeInstances({ instances: stores.read.instances, presence }),
    activations: permitActivations({ stores, clock, ids, quota: settings.activationQuota }),
    commands: keepCommands({ stores, clock, ids, quota: settings.commandQuota, publicCommands }),
    invocations: {
      ...startInvocation({
        publicCommands,
        stores,
        clock,
        ids,
        presence,
        features,
        outputStores,
        wake,
        pacer: rollouts,
        limits: settings,
      }),
      modify: modifyInvocation({
        publicCommands,
        stores,
        clock,
        ids,
        presence,
        features,
        outputStores,
        wake,
        pacer: rollouts,
        limits: settings,
      }),
      stop: stopInvocation({ stores, clock, wake }),
      list: (scope, filter, page) => stores.read.invocations.list(scope, filter, page),
      results: (scope, filter, page) => stores.read.tasks.results(scope, filter, page),
    },
    files: {
      send: sendFile({ stores, clock, ids, presence, wake, pacer: rollouts, limits: settings }),
      results: (scope, filter, page) => stores.read.files.list(scope, filter, page),
    },
    tagging: tagResources({ stores, clock, publicCommands }),
    rollouts: controlRollouts({ stores, clock, pacer: rollouts }),
    secrets: keepSecrets({ stores, clock, ids, quota: settings.secretQuota ?? DEFAULT_SECRET_QUOTA }),
    regions: settings.regions,
    limits: {
      instancesPerInvocation: settings.instancesPerInvocation,
      instancesPerRollout: settings.instancesPerRollout,
      instancesPerFileSend: settings.instancesPerFileSend,
      instancesPerStatusQuery: settings.instancesPerStatusQuery,
    },
  }
  const access: Access = {
    accessKeys: accessKeys(database, sealer, clock),
    nonces: nonces(database, clock, settings.timestampWindowMs),
    repeats: runningRepeats(),
    // The account's own keys may do everything in it (rpc.md §4.2); there are no users yet, so none is allowed anything.
    permissions: { allowed: (caller) => Promise.resolve(caller.userId === undefined) },
  }
  const api = createApiDoor({
    operations,
    domain,
    access,
    pageTokenKey: sealer.derive('page-token'),
    regions: settings.regions.served,
    clock,
    settings: { ...settings.api, timestampWindowMs: settings.timestampWindowMs },
    tell: parts.tellCall,
  })
  const gateway = createGateway({
    registry,
    presence,
    tasks,
    files,
    wakeups,
    settings: { ...settings.gateway, outputQuota: settings.outputQuota },
    clock,
    tell: parts.tellGateway,
  })
  const retention = new Retention({
    database,
    clock,
    invocations: {
      milliseconds: settings.retentionDays * DAY_MS,
      // Those of a day are counted by their rows, so that a quota needs them.
      records: Math.max(settings.retentionRecords, settings.invocationsPerDay ?? 0),
    },
    fileSends: { milliseconds: settings.fileRetentionDays * DAY_MS, records: settings.fileRetentionRecords },
    tellRemoved: parts.tellRemoved,
  })
  const sweeps = new Sweeps({
    stores,
    clock,
    presence,
    presenceStore: store.presenceStore,
    lost,
    rollouts,
    nodeId: 'local',
    retention,
    outputs,
    tellFailure: parts.tellFailure,
  })
  undo.defer(() => sweeps.stop())
  undo.defer(() => gateway.stop())
  undo.defer(() => api.stop())

  const owned = undo.move()
  return {
    database,
    sealer,
    stores,
    presence,
    domain,
    registry,
    tasks,
    files,
    api,
    gateway,
    outputs,
    sweeps,
    rollouts,
    async warmUp(scope) {
      await presence.load()
      await stores.warmUp(scope)
    },
    stop: () => owned[Symbol.asyncDispose](),
  }
}
