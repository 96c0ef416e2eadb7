// The composition root: builds every part in order, stops them in reverse.
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { type Assembly, type AssemblySettings, assemble } from './assemble.js'
import type { Config } from './config.js'
import { VENDOR_REGIONS } from './contract/vendor-regions.js'
import { makeDataDirectory } from './data-directory.js'
import type { Clock } from './domain/clock.js'
import { ensureFirstAccessKey, type FirstAccessKey } from './first-access-key.js'
import { type Front, startFront } from './front/front.js'
import type { KeyAndCertificate } from './front/listener.js'
import type { Doors } from './front/peer.js'
import { openOutputStores } from './outputs/open-output-stores.js'
import { loadRootKey } from './root-key.js'
import { publicEndpoint, removeServerFile, serverFile, writeServerFile } from './server-file.js'
import { readSealedSetting, writeSealedSetting } from './storage/setting-store.js'
import { lockDirectory } from './storage/sqlite/directory-lock.js'
import { openTelemetry, type Telemetry } from './telemetry/telemetry.js'
import type { CaStore, StoredCa } from './tls/ca-store.js'
import { openCertificateFiles } from './tls/certificate-files.js'
import type { Certificates } from './tls/certificates.js'
import { openOwnCertificates } from './tls/own-certificates.js'
import { serverNames } from './tls/server-names.js'
import { Undo } from './undo.js'

export interface RunningServer extends AsyncDisposable {
  /** `http://host:port` of the plain listener, if there is one. */
  readonly endpoint: string | undefined
  readonly tlsEndpoint: string | undefined
  readonly caPem: string | undefined
  readonly caFile: string | undefined
  readonly regionId: string
  readonly accountId: string
  readonly dataDir: string
  readonly firstAccessKey: FirstAccessKey
  /** Sentences for the operator. */
  readonly notices: readonly string[]
  readonly parts: Assembly
  /** Reads certificates again, as on SIGHUP. */
  refreshTls(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts a server. The listeners open first: an agent that lost the server dials exactly once, about six seconds later
 * (agent-protocol.md §5.1), and waits longer for an answer than a start takes. Presence and the rows of the agent status
 * load once the doors are open.
 * @throws Error with a sentence for the operator
 */
export const startServer = async (config: Config, clock: Clock = SYSTEM_CLOCK): Promise<RunningServer> => {
  const { dataDir } = config
  makeDataDirectory(dataDir)
  const database = config.database === undefined ? undefined : config.database.reveal()
  await using undo = new Undo()
  if (database === undefined) {
    const lock = lockDirectory(dataDir)
    undo.defer(async () => lock.release())
  }
  const lockedAt = clock.now()
  const rootKey = loadRootKey({ dataDir, keyFile: config.keyFile, clustered: database !== undefined })
  const telemetry = openTelemetry(config)
  undo.defer(async () => telemetry[Symbol.dispose]())

  const doors = later<Doors>()
  const certificate = later<KeyAndCertificate>()
  const front = await startFront({
    // The name that server.json and enroll tell is one that the guard lets in, whether it was configured or found.
    settings: { ...config, publicHosts: [...config.publicHosts, hostname()] },
    doors: doors.promise,
    telemetry: telemetry.handle,
    tls: config.listenTls === undefined ? undefined : certificate.promise,
    events: telemetry.events.front,
  })
  undo.defer(async () => {
    // Where the start failed, these are answered that the server is not there.
    doors.reject(NOT_STARTED)
    certificate.reject(NOT_STARTED)
    await front.stop()
  })

  const parts = await assemble({
    settings: assemblySettings(config, database),
    rootKey: rootKey.key,
    clock,
    lockedAt,
    outputStores: openOutputStores(config.outputStores),
    tellCall: telemetry.events.call,
    tellGateway: telemetry.events.gateway,
    tellCommit: telemetry.events.commit,
    tellTaskEnded: telemetry.events.taskEnded,
    tellDelivered: telemetry.events.delivered,
    tellFailure: telemetry.events.failure,
    tellRemoved: telemetry.events.removed,
  })
  undo.defer(() => parts.stop())
  const firstAccessKey = await ensureFirstAccessKey({
    database: parts.database,
    sealer: parts.sealer,
    accountId: config.accountId,
    dataDir,
    given: config.firstAccessKey && {
      accessKeyId: config.firstAccessKey.accessKeyId,
      accessKeySecret: config.firstAccessKey.accessKeySecret.reveal(),
    },
    now: clock.now(),
  })

  const certificates =
    config.listenTls === undefined ? undefined : await openCertificates(config, parts, telemetry, clock)
  if (certificates !== undefined) {
    undo.defer(async () => certificates[Symbol.asyncDispose]())
    certificate.resolve(certificates.current)
    certificates.follow((material) => front.setTls(material))
  }
  parts.gateway.start()
  telemetry.watch({
    connectedAgents: () => parts.gateway.connectionCount(),
    unreachableAgents: () => parts.presence.unreachableCount(),
    certificateExpiresAt: () => certificates?.expiresAt,
    storeAnswers: async () => {
      await parts.database.reader.get('select 1 as one')
    },
    listening: () => front.listening,
  })
  doors.resolve({
    api: (request, response, peer) => parts.api.handle(request, response, peer),
    gateway: (request, response, peer) => parts.gateway.handle(request, response, peer),
    gatewayUpgrade: (request, socket, head, peer) => parts.gateway.upgrade(request, socket, head, peer),
  })

  await parts.sweeps.removeHalfWritten()
  parts.sweeps.start()
  const scope = { accountId: config.accountId, regionId: config.regions[0] ?? '' }
  const warm = parts.warmUp(scope).catch((cause: unknown) => telemetry.events.failure('warm-up', cause))
  undo.defer(() => warm)
  undo.defer(() => endServing(front, parts))

  const caFile = certificates?.caPem === undefined ? undefined : join(dataDir, CA_FILE)
  const told = serverFile(config, front, caFile)
  await writeServerFile(dataDir, told)
  undo.defer(() => removeServerFile(dataDir))

  const owned = undo.move()
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= owned[Symbol.asyncDispose]()
    return stopping
  }
  return {
    endpoint: told.endpoint ?? undefined,
    tlsEndpoint: told.tlsEndpoint ?? undefined,
    caPem: certificates?.caPem,
    caFile,
    regionId: scope.regionId,
    accountId: config.accountId,
    dataDir,
    firstAccessKey,
    notices: [...config.warnings, ...strangeRegions(config.regions), ...(certificates?.notices ?? [])],
    parts,
    refreshTls: async () => {
      await certificates?.refresh()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/**
 * The end of all that peers see. Agents hear of it first, with 1001, since they dial again only seconds later
 * (agent-protocol.md §5.1); what was begun is answered while they go, and for ten seconds more.
 */
const endServing = async (front: Front, parts: Assembly): Promise<void> => {
  front.stopAccepting()
  await parts.gateway.stop()
  await front.stop()
}

const SYSTEM_CLOCK: Clock = { now: () => Date.now(), steady: () => performance.now() }

const NOT_STARTED = new Error('The server did not start.')

/** A value that comes later; a refusal that nobody waits for is no failure. */
const later = <T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (cause: unknown) => void } => {
  let resolve: (value: T) => void = () => undefined
  let reject: (cause: unknown) => void = () => undefined
  const promise = new Promise<T>((done, failed) => {
    resolve = done
    reject = failed
  })
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}

const assemblySettings = (config: Config, database: string | undefined): AssemblySettings => ({
  dataDir: config.dataDir,
  database,
  regions: { served: config.regions, endpoint: publicEndpoint(config) },
  timestampWindowMs: config.timestampWindowSeconds * 1_000,
  instancesPerInvocation: config.instancesPerInvocation,
  instancesPerRollout: config.instancesPerRollout,
  instancesPerFileSend: config.instancesPerFileSend,
  instancesPerStatusQuery: config.instancesPerStatusQuery,
  commandQuota: config.commandQuota,
  secretQuota: config.secretQuota,
  activationQuota: config.activationQuota,
  tasksPerHost: config.tasksPerHost,
  invocationsPerDay: config.invocationsPerDay,
  outputQuota: config.outputBytes,
  retentionDays: config.retentionDays,
  retentionRecords: config.retentionRecords,
  fileRetentionDays: config.fileRetentionDays,
  fileRetentionRecords: config.fileRetentionRecords,
  cacheMiB: config.cacheMiB,
  api: { maxBodyBytes: config.bodyBytes, echoStringToSign: config.echoStringToSign, publicHosts: config.publicHosts },
  gateway: { maxConnections: config.maxAgents, maxHostKeys: 2 * config.maxAgents },
})

const CA_FILE = 'ca.pem'
const CA_SETTING = 'certificate-authority'

const openCertificates = async (
  config: Config,
  parts: Assembly,
  telemetry: Telemetry,
  clock: Clock,
): Promise<Certificates> => {
  const now = (): number => clock.now()
  const { events } = telemetry
  if (config.tlsCert !== undefined && config.tlsKey !== undefined)
    return openCertificateFiles({
      certFile: config.tlsCert,
      keyFile: config.tlsKey,
      advertised: config.publicHosts,
      now,
      events: events.certificates,
    })
  const listenHost = config.listenTls?.host ?? '0.0.0.0'
  return openOwnCertificates({
    store: caStore(parts),
    names: () => serverNames(config.publicHosts, listenHost, { hostname: hostname(), interfaces: networkInterfaces() }),
    newCa: config.newCa,
    now,
    events: events.certificates,
    leafFile: join(config.dataDir, 'tls.pem'),
    caFile: join(config.dataDir, CA_FILE),
  })
}

/** The authority lives in the database, sealed, so that all nodes of a cluster have the same (design D11). */
const caStore = ({ database, sealer }: Assembly): CaStore => ({
  async load() {
    const text = await readSealedSetting(database, sealer, CA_SETTING)
    return text === undefined ? undefined : (JSON.parse(text) as StoredCa)
  },
  async save(ca, { replace }) {
    await writeSealedSetting(database, sealer, CA_SETTING, JSON.stringify(ca), !replace)
    const kept = await readSealedSetting(database, sealer, CA_SETTING)
    return kept === undefined ? ca : (JSON.parse(kept) as StoredCa)
  },
})

/** The vendor's tools check regions against a list of their own. */
const strangeRegions = (regions: readonly string[]): readonly string[] => {
  const strange = regions.filter((region) => !VENDOR_REGIONS.has(region))
  if (strange.length === 0) return []
  const named = strange.length === 1 ? `The region ${strange[0]} is` : `The regions ${strange.join(', ')} are`
  return [`${named} none of the vendor's: its tools may refuse to call for it.`]
}
