import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Assembly, type AssemblySettings, assemble } from '../assemble.js'
import type { Scope } from './access/scope.js'
import type { NewCommand } from './commands/commands.js'
import type { AgentFeature, Fetch, HandOut, Report } from './invocations/agent-tasks.js'
import type { RunRequest, SubmittedCommand, Task } from './invocations/invocations.js'
import { NO_OUTPUT_STORES, type OutputStores } from './outputs/output-stores.js'

export const SCOPE: Scope = { accountId: '1000000000000001', regionId: 'cn-hangzhou' }
export const CALLER = { accountId: SCOPE.accountId, accessKeyId: 'LTAI5tTest', sourceAddress: '127.0.0.1' }

/** A command that does nothing, well. */
export const SCRIPT: NewCommand = {
  name: 'test',
  description: '',
  type: 'RunShellScript',
  content: Buffer.from('true'),
  enableParameter: false,
  workingDir: '',
  timeoutSeconds: 60,
  launcher: '',
  resourceGroupId: '',
  tags: [],
}

/** A small real server without listeners, on SQLite in a temporary folder, whose clock the test moves. */
export interface World extends AsyncDisposable {
  readonly parts: Assembly
  readonly dataDir: string
  /** Moves the clock, in milliseconds. */
  pass(milliseconds: number): void
  /** Sets the server's clock forward or back: no time passes by that. */
  setClock(by: number): void
  now(): number
  /** A registered host whose agent runs as this process. */
  host(options?: {
    name?: string
    pid?: number
    version?: string
    tags?: { key: string; value: string }[]
  }): Promise<string>
  /** A heartbeat of the host's agent. */
  beat(
    instanceId: string,
    options?: { pid?: number; startedAt?: number; coldStart?: boolean; version?: string },
  ): Promise<void>
  run(
    instanceIds: readonly string[],
    options?: Partial<SubmittedCommand> & { request?: Partial<RunRequest> },
  ): Promise<string>
  fetch(instanceId: string): Promise<{ run: string[]; stop: string[] }>
  /** The whole of what a fetch brings; one after a kick unless it says otherwise. */
  handOut(instanceId: string, fetch?: Partial<Fetch>): Promise<HandOut>
  report(instanceId: string, invokeId: string, report: ReportDraft): Promise<void>
  task(invokeId: string, instanceId: string): Promise<Task>
  status(instanceId: string): Promise<{ online: boolean; active: number; invocations: number }>
  /** The same data, a new server, as after a kill; the old one's memory is gone. */
  restart(downMs?: number): Promise<World>
}

type ReportDraft =
  | { kind: 'running'; output?: string; startedAt?: number; run?: number }
  | { kind: 'finish'; exitCode?: number; output?: string; startedAt?: number; run?: number; dropped?: number }
  | { kind: 'timeout'; startedAt?: number; output?: string }
  | { kind: 'stopped'; startedAt?: number; output?: string; result?: string; version?: number }
  | { kind: 'verified' }
  | { kind: 'error'; errCode: string; errDesc?: string; startedAt?: number }
  | { kind: 'invalid'; param: string; value: string; version?: number }

/** The agents of a test are no vendor's, whose scripts are wrapped, unless it says otherwise. */
const ENDS: ReadonlySet<AgentFeature> = new Set(['termination-mode'])

const rootKey = Buffer.alloc(32, 7)

export const openWorld = async (
  dataDir?: string,
  startAt?: number,
  database?: string,
  outputStores: OutputStores = NO_OUTPUT_STORES,
  limits: Partial<AssemblySettings> = {},
): Promise<World> => {
  const directory = dataDir ?? mkdtempSync(join(tmpdir(), 'openassist-test-'))
  let steady = startAt ?? Date.UTC(2026, 0, 15, 12)
  let setBy = 0
  const time = (): number => steady + setBy
  const requests = new Map<string, number>()
  const failures: unknown[] = []
  /** Another world has the data now. */
  let over = false
  const parts = await assemble({
    settings: {
      dataDir: directory,
      database,
      regions: { served: [SCOPE.regionId], endpoint: '127.0.0.1:8080' },
      timestampWindowMs: 900_000,
      instancesPerInvocation: 2_000,
      instancesPerRollout: 10_000,
      instancesPerFileSend: 50,
      instancesPerStatusQuery: 100,
      commandQuota: 5,
      tasksPerHost: 10,
      activationQuota: 5_000,
      invocationsPerDay: undefined,
      outputQuota: 100,
      retentionDays: 30,
      retentionRecords: 10_000,
      fileRetentionDays: 1,
      fileRetentionRecords: 1_000,
      api: {},
      gateway: {},
      ...limits,
    },
    rootKey,
    outputStores,
    clock: { now: time, steady: () => steady },
    tellCall: () => undefined,
    tellGateway: () => undefined,
    tellCommit: () => undefined,
    tellFailure: (at, cause) => failures.push([at, cause]),
    tellRemoved: () => undefined,
  })
  await parts.presence.load()
  const pids = new Map<string, { pid: number; startedAt: number }>()

  const world: World = {
    parts,
    dataDir: directory,
    pass(milliseconds) {
      steady += milliseconds
    },
    setClock(by) {
      setBy += by
      parts.presence.followClock()
    },
    now: time,
    async host(options = {}) {
      const permit = await parts.domain.activations.create(
        SCOPE,
        {
          instanceName: '',
          description: '',
          instanceCount: 1,
          timeToLiveHours: 4,
          ipAddressRange: '',
          resourceGroupId: '',
          tags: [],
        },
        undefined,
      )
      const outcome = await parts.registry.register({
        ...permit,
        machineId: 'machine',
        instanceName: options.name ?? 'host',
        hostname: 'host',
        intranetIp: '10.0.0.1',
        osVersion: 'Linux',
        osType: 'Linux',
        agentVersion: options.version ?? '2.2.3.578',
        publicKeyPem: randomBytes(8).toString('hex'),
        tags: options.tags ?? [],
        sourceAddress: '127.0.0.1',
      })
      if (!outcome.registered) throw new Error(outcome.refusal)
      await world.beat(outcome.instanceId, {
        pid: options.pid ?? 100,
        ...(options.version ? { version: options.version } : {}),
      })
      return outcome.instanceId
    },
    async beat(instanceId, options = {}) {
      const now = time()
      const known = pids.get(instanceId)
      const pid = options.pid ?? known?.pid ?? 100
      const startedAt = options.startedAt ?? (known?.pid === pid ? known.startedAt : now - 1_000)
      pids.set(instanceId, { pid, startedAt })
      await parts.registry.findHostKey(instanceId)
      const count = (requests.get(instanceId) ?? 0) + 1
      requests.set(instanceId, count)
      const verdict = parts.presence.admit(instanceId, now, `${now}-${count}`)
      if (verdict !== 'fresh') throw new Error(verdict)
      await parts.registry.heartbeat(instanceId, {
        osType: 'Linux',
        agentVersion: options.version ?? '2.2.3.578',
        pid,
        processUptimeMs: now - startedAt,
        uptimeMs: 1_000_000,
        agentTime: now,
        coldStart: options.coldStart,
        osVersion: undefined,
      })
    },
    async run(instanceIds, options = {}) {
      const { request, keep, ...command } = options
      const { invokeId } = await parts.domain.invocations.run(
        SCOPE,
        CALLER,
        {
          ...SCRIPT,
          ...command,
          keep: keep ?? false,
        },
        { targets: { by: 'id', instanceIds }, username: '', resourceGroupId: '', tags: [], ...request },
        undefined,
      )
      return invokeId
    },
    async fetch(instanceId) {
      const found = await parts.tasks.fetch(instanceId, { reason: 'kickoff', coldStart: undefined })
      return { run: found.run.map((task) => task.taskId), stop: found.stop.map(({ taskId }) => taskId) }
    },
    handOut: (instanceId, fetch) =>
      parts.tasks.fetch(instanceId, { reason: 'kickoff', coldStart: undefined, supports: ENDS, ...fetch }),
    async report(instanceId, taskId, draft) {
      const now = time()
      const startedAt = ('startedAt' in draft ? draft.startedAt : undefined) ?? now
      const ended = {
        taskId,
        run: ('run' in draft ? draft.run : undefined) ?? startedAt,
        startedAt,
        endedAt: now,
        dropped: 'dropped' in draft ? (draft.dropped ?? 0) : 0,
        output: Buffer.from('output' in draft ? (draft.output ?? '') : ''),
      }
      const report: Report =
        draft.kind === 'running'
          ? { kind: 'running', taskId, run: ended.run, startedAt, output: ended.output }
          : draft.kind === 'finish'
            ? { ...ended, kind: 'finish', exitCode: draft.exitCode ?? 0 }
            : draft.kind === 'error'
              ? { ...ended, kind: 'error', exitCode: 1, errCode: draft.errCode, errDesc: draft.errDesc ?? '' }
              : draft.kind === 'invalid'
                ? { kind: 'invalid', taskId, param: draft.param, value: draft.value, version: draft.version }
                : draft.kind === 'stopped'
                  ? { ...ended, kind: 'stopped', result: draft.result ?? 'killed', version: draft.version }
                  : draft.kind === 'verified'
                    ? { kind: 'verified', taskId }
                    : { ...ended, kind: 'timeout' }
      await parts.tasks.report(instanceId, report)
    },
    async task(invokeId, instanceId) {
      const page = await parts.domain.invocations.results(
        SCOPE,
        { invokeId, instanceId },
        { style: 'number', number: 1, size: 10 },
      )
      const [task] = page.items
      if (task === undefined) throw new Error(`no task ${invokeId} on ${instanceId}`)
      return task
    },
    async status(instanceId) {
      const page = await parts.domain.instances.agentStatus(
        SCOPE,
        { instanceIds: [instanceId] },
        { style: 'number', number: 1, size: 10 },
      )
      const [status] = page.items
      if (status === undefined) throw new Error('no status')
      return { online: status.online, active: status.activeTaskCount, invocations: status.invocationCount }
    },
    async restart(downMs = 0) {
      over = true
      await parts.stop()
      return openWorld(directory, time() + downMs, database, outputStores, limits)
    },
    async [Symbol.asyncDispose]() {
      if (over) return
      await parts.stop()
      rmSync(directory, { recursive: true, force: true })
      if (failures.length > 0) throw new Error('the server failed in the background', { cause: failures })
    },
  }
  return world
}
