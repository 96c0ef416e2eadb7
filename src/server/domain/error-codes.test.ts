// Every ErrorCode that this server can tell of a run or a file, produced by the whole server (api.md §8.5, §9.2).
import { describe, expect, it } from 'vitest'
import { CALLER, openWorld, SCOPE, type World } from './_support.js'
import type { FileReport } from './files/agent-files.js'
import { ERROR_TEXTS } from './invocations/error-texts.js'
import type { RunRequest } from './invocations/invocations.js'

const SECOND = 1_000
const MINUTE = 60_000

/** Leads a run on a host to its end. @returns the invocation */
type Produce = (world: World, host: string) => Promise<string>

/** The host refuses it before it begins (agent-protocol.md §6.7). */
const refused =
  (param: string, value: string, request: Partial<RunRequest> = {}): Produce =>
  async (world, host) => {
    const invokeId = await world.run([host], { request, timeoutSeconds: 30 })
    await world.handOut(host)
    await world.report(host, invokeId, { kind: 'invalid', param, value })
    return invokeId
  }

const failed =
  (errCode: string): Produce =>
  async (world, host) => {
    const invokeId = await world.run([host], { request: { containerName: 'web' } })
    await world.handOut(host)
    await world.report(host, invokeId, { kind: 'error', errCode })
    return invokeId
  }

/** What is said of a container that nothing can run in, with the words of an agent (agent-protocol.md §6.6). */
const OF_CONTAINERS: Readonly<Record<string, string>> = {
  InvalidContainerName: 'The specified containerName is not valid.',
  InvalidContainerId: 'The specified containerId is not valid.',
  UnsupportedContainerRuntime: 'The container runtime specified in the containerId is not supported.',
  ContainerConnectFailed: 'Unable to connect to container to invoke command. no such socket',
  ContainerStateAbnormal: 'The state of the specified container is abnormal. Current state is EXITED',
  ContainerNotFound: 'The specified container does not exist.',
  ContainerNameDuplicated:
    'The container for the command to be executed cannot be identified because the instance has a container with the same name.',
  ContainerNameAndIdNotMatch: 'The container whose container ID is abc, the name is not web.',
}

const inContainer = (code: string): Produce =>
  refused(code, `${code}: ${OF_CONTAINERS[code]}`, { containerName: 'web' })

const schedule = (code: string): Produce => refused('cron', `${code}: told by the host`, { frequency: 'rate(5m)' })

const underWay = async (world: World, host: string): Promise<string> => {
  const invokeId = await world.run([host])
  await world.fetch(host)
  await world.report(host, invokeId, { kind: 'running' })
  return invokeId
}

const swept = async (world: World): Promise<void> => {
  while ((await world.parts.sweeps.expireNow()) > 0);
}

const PRODUCED: Readonly<Record<string, { readonly status: string; readonly produce: Produce }>> = {
  ExitCodeNonzero: {
    status: 'Failed',
    async produce(world, host) {
      const invokeId = await underWay(world, host)
      await world.report(host, invokeId, { kind: 'finish', exitCode: 3 })
      return invokeId
    },
  },
  ExecutionTimeout: {
    status: 'Timeout',
    async produce(world, host) {
      const invokeId = await underWay(world, host)
      await world.report(host, invokeId, { kind: 'timeout' })
      return invokeId
    },
  },
  ExecutionException: { status: 'Error', produce: failed('0x203') },
  ExecutionInterrupted: {
    status: 'Error',
    async produce(world, host) {
      const invokeId = await world.run([host])
      await world.fetch(host)
      world.pass(61 * SECOND)
      await world.beat(host)
      await swept(world)
      return invokeId
    },
  },
  ClientNotRunning: {
    status: 'Aborted',
    async produce(world, host) {
      world.pass(10 * MINUTE)
      return world.run([host])
    },
  },
  ClientNeedUpgrade: {
    status: 'Aborted',
    async produce(world) {
      const old = await world.host({ version: '2.2.3.100' })
      return world.run([old], { request: { containerName: 'web' } })
    },
  },
  ClientIsUpgrading: {
    status: 'Aborted',
    async produce(world, host) {
      const invokeId = await world.run([host])
      world.parts.tasks.rejected(host)
      world.pass(61 * SECOND)
      await world.beat(host)
      await swept(world)
      return invokeId
    },
  },
  DeliveryTimeout: {
    status: 'Aborted',
    async produce(world, host) {
      const invokeId = await world.run([host])
      world.pass(61 * SECOND)
      await world.beat(host)
      await swept(world)
      return invokeId
    },
  },
  TaskConcurrencyLimit: {
    status: 'Aborted',
    async produce(world, host) {
      for (let at = 0; at < 10; at += 1) await world.run([host], { timeoutSeconds: 3_600 })
      for (const taskId of (await world.fetch(host)).run) await world.report(host, taskId, { kind: 'running' })
      const invokeId = await world.run([host])
      world.pass(61 * SECOND)
      await world.beat(host)
      await swept(world)
      return invokeId
    },
  },
  CommandNotApplicable: {
    status: 'Invalid',
    produce: (world, host) =>
      world.run([host], { launcher: 'sh {{ACS::ScriptFileName}}', request: { containerName: 'a' } }),
  },
  ClientRestarted: {
    status: 'Error',
    async produce(world, host) {
      const invokeId = await underWay(world, host)
      world.pass(SECOND)
      await world.beat(host, { pid: 200 })
      return invokeId
    },
  },
  InstanceRestarted: {
    status: 'Error',
    async produce(world, host) {
      const invokeId = await underWay(world, host)
      world.pass(SECOND)
      await world.beat(host, { pid: 200, coldStart: true })
      return invokeId
    },
  },
  InstanceDeregistered: {
    status: 'Error',
    async produce(world, host) {
      const invokeId = await underWay(world, host)
      await world.parts.registry.deregister(host)
      return invokeId
    },
  },
  CommandContentDecodeError: { status: 'Invalid', produce: refused('CommandContentInvalid', '') },
  AccountNotExists: { status: 'Invalid', produce: refused('UsernameOrPasswordInvalid', 'nobody') },
  UserOrPasswordInvalid: {
    status: 'Invalid',
    produce: refused('UsernameOrPasswordInvalid', 'UsernameOrPasswordInvalid_nobody'),
  },
  DirectoryNotExists: { status: 'Invalid', produce: refused('workingDirectory', 'DirectoryNotExists') },
  DefaultWorkingDirectoryNotAvailable: {
    status: 'Invalid',
    produce: refused('workingDirectory', 'DefaultWorkingDirectoryNotAvailable'),
  },
  InvalidSystemBuiltInParameter: { status: 'Invalid', produce: refused('InvalidEnvironmentParameter', 'Nothing') },
  QueryParameterStoreFailed: { status: 'Invalid', produce: refused('QueryParameterStoreFailed', 'name') },
  BadCronExpression: { status: 'Invalid', produce: refused('cron', 'no such field', { frequency: 'rate(5m)' }) },
  AtExpressionExpired: { status: 'Invalid', produce: schedule('AtExpressionExpired') },
  CronExpressionExpired: { status: 'Invalid', produce: schedule('CronExpressionExpired') },
  InvalidGMTOffsetForTimezone: { status: 'Invalid', produce: schedule('InvalidGMTOffsetForTimezone') },
  InvalidGMTOffsetHourForTimezone: { status: 'Invalid', produce: schedule('InvalidGMTOffsetHourForTimezone') },
  InvalidGMTOffsetMinuteForTimezone: { status: 'Invalid', produce: schedule('InvalidGMTOffsetMinuteForTimezone') },
  TimezoneInformationCorrupt: { status: 'Invalid', produce: schedule('TimezoneInformationCorrupt') },
  InvalidRateExpression: { status: 'Invalid', produce: schedule('InvalidRateExpression') },
  RateFrequencyTooLarge: { status: 'Invalid', produce: schedule('RateFrequencyTooLarge') },
  InvalidAtExpression: { status: 'Invalid', produce: schedule('InvalidAtExpression') },
  InvalidContainerName: { status: 'Invalid', produce: inContainer('InvalidContainerName') },
  InvalidContainerId: { status: 'Invalid', produce: inContainer('InvalidContainerId') },
  UnsupportedContainerRuntime: { status: 'Invalid', produce: inContainer('UnsupportedContainerRuntime') },
  ContainerConnectFailed: { status: 'Invalid', produce: inContainer('ContainerConnectFailed') },
  ContainerStateAbnormal: { status: 'Invalid', produce: inContainer('ContainerStateAbnormal') },
  ContainerNotFound: { status: 'Invalid', produce: inContainer('ContainerNotFound') },
  ContainerNameDuplicated: { status: 'Invalid', produce: inContainer('ContainerNameDuplicated') },
  ContainerNameAndIdNotMatch: { status: 'Invalid', produce: inContainer('ContainerNameAndIdNotMatch') },
  ContainerRuntimeInternalError: { status: 'Error', produce: failed('ContainerRuntimeInternalError') },
  ContainerRuntimeTimeout: { status: 'Error', produce: failed('ContainerRuntimeTimeout') },
}

/** Documented codes that nothing here leads to, with the reason. */
const NEVER: Readonly<Record<string, string>> = {
  InstanceNotExists: 'A call that names an unknown instance is refused as a whole.',
  InstanceReleased: 'An instance that is removed is told as InstanceDeregistered.',
  InstanceNotRunning: 'Whether a machine without a live agent runs is not known: ClientNotRunning.',
  ClientNotResponse: 'An agent that does not ask for its task is told as DeliveryTimeout.',
  ClientNetworkBlocked: 'What keeps an agent from the server cannot be seen from the server.',
  ClientNotOnline: 'An agent that is not connected is told as ClientNotRunning.',
  SecurityGroupRuleDenied: 'There are no security groups.',
  InvalidCommandText: 'No agent says it.',
  InstanceRoleInvalid: 'There are no instance roles.',
  TerminationException: 'No agent says it.',
}

/** catalog.json `meta.resultErrorCodes`. */
const DOCUMENTED = `InstanceNotExists InstanceReleased InstanceNotRunning CommandNotApplicable AccountNotExists
  DirectoryNotExists BadCronExpression ClientNotRunning ClientNotResponse ClientIsUpgrading ClientNeedUpgrade DeliveryTimeout
  ExecutionTimeout ExecutionException ExecutionInterrupted ExitCodeNonzero SecurityGroupRuleDenied TaskConcurrencyLimit
  InstanceRestarted ClientRestarted ClientNetworkBlocked ClientNotOnline InstanceDeregistered InvalidSystemBuiltInParameter
  DefaultWorkingDirectoryNotAvailable InvalidCommandText CommandContentDecodeError CronExpressionExpired
  InvalidGMTOffsetForTimezone InvalidGMTOffsetHourForTimezone InvalidGMTOffsetMinuteForTimezone TimezoneInformationCorrupt
  InvalidRateExpression RateFrequencyTooLarge InvalidAtExpression AtExpressionExpired InvalidContainerName InvalidContainerId
  UnsupportedContainerRuntime ContainerConnectFailed ContainerStateAbnormal ContainerNotFound ContainerNameDuplicated
  ContainerNameAndIdNotMatch UserOrPasswordInvalid QueryParameterStoreFailed InstanceRoleInvalid TerminationException
  ContainerRuntimeInternalError ContainerRuntimeTimeout`.split(/\s+/)

describe('the ErrorCode of a run', () => {
  it.each(Object.entries(PRODUCED))('%s is produced', async (code, { status, produce }) => {
    await using world = await openWorld()
    const host = await world.host()
    const invokeId = await produce(world, host)
    const page = { style: 'number', number: 1, size: 10 } as const
    const [task] = (await world.parts.domain.invocations.results(SCOPE, { invokeId }, page)).items
    expect(task).toMatchObject({ status, errorCode: code })
    expect(task?.errorInfo === '' && code in ERROR_TEXTS).toBe(false)
  })

  it('is produced for every documented code but those that never are', () => {
    expect([...Object.keys(PRODUCED), ...Object.keys(NEVER)].toSorted()).toEqual(DOCUMENTED.toSorted())
  })

  it('is produced for every code that has a text', () => {
    expect(Object.keys(ERROR_TEXTS).filter((code) => !(code in PRODUCED))).toEqual([])
  })
})

describe('what is wrong with a container', () => {
  const page = { style: 'number', number: 1, size: 10 } as const

  it.each(Object.entries(OF_CONTAINERS))('%s is told in the words of the agent, and once', async (code, text) => {
    await using world = await openWorld()
    const host = await world.host()
    const invokeId = await inContainer(code)(world, host)
    const [task] = (await world.parts.domain.invocations.results(SCOPE, { invokeId }, page)).items
    expect(task).toMatchObject({ status: 'Invalid', errorCode: code, errorInfo: text })
  })

  // Not as documented, and understood all the same.
  it.each(Object.keys(OF_CONTAINERS))('%s in a report of an error is Error', async (code) => {
    await using world = await openWorld()
    const host = await world.host()
    const invokeId = await failed(code)(world, host)
    const [task] = (await world.parts.domain.invocations.results(SCOPE, { invokeId }, page)).items
    expect(task).toMatchObject({ status: 'Error', errorCode: code })
  })
})

const finished = (code: number) => ({ kind: 'finish', code }) as const
const invalid = (param: string) => ({ kind: 'invalid', param, value: 'a.txt' }) as const
type Draft = ReturnType<typeof finished> | ReturnType<typeof invalid>

/** catalog.json `meta.sendFileErrorCodes`, each by every report that leads to it. */
const OF_FILES: readonly (readonly [string, string, Draft])[] = [
  ['FileCreateFail', 'Failed', finished(1)],
  ['FileCreateFail', 'Failed', finished(99)],
  ['FileAuthorityInvalid', 'Failed', finished(2)],
  ['FileAuthorityInvalid', 'Failed', finished(3)],
  ['FilePathInvalid', 'Failed', finished(4)],
  ['FileNameInvalid', 'Invalid', invalid('FileNameInvalid')],
  ['FileAlreadyExists', 'Invalid', invalid('FileExist')],
  ['FileContentInvalid', 'Invalid', invalid('EmptyFile')],
  ['FileContentInvalid', 'Invalid', invalid('InvalidFileContent')],
  ['FileContentInvalid', 'Invalid', invalid('InvalidSignature')],
  ['FileAuthorityInvalid', 'Invalid', invalid('InvalidFileMode')],
  ['UserGroupNotExists', 'Invalid', invalid('FileGroupNotExist')],
  ['UserGroupNotExists', 'Invalid', invalid('FileOwnerNotExist')],
]

describe('the ErrorCode of a file', () => {
  it.each(OF_FILES)('%s (%s) is produced by %j', async (code, status, draft) => {
    await using world = await openWorld()
    const host = await world.host()
    const file = { name: 'a.txt', description: '', targetDir: '/tmp', content: Buffer.from('text') }
    const how = { contentType: 'PlainText', owner: 'root', group: 'root', mode: '0644', overwrite: false } as const
    const request = { instanceIds: [host], timeoutSeconds: 60, resourceGroupId: '', tags: [] }
    const { invokeId } = await world.parts.domain.files.send(SCOPE, CALLER, { ...file, ...how }, request, undefined)
    await world.parts.files.fetch(host)
    const report: FileReport = { ...draft, taskId: invokeId }
    await world.parts.files.report(host, report)
    const page = { style: 'number', number: 1, size: 10 } as const
    const [sent] = (await world.parts.domain.files.results(SCOPE, { invokeId }, page)).items
    expect(sent?.results[0]).toMatchObject({ status, errorCode: code })
  })

  it('is produced for every documented code', () => {
    const documented =
      `FileCreateFail FileAlreadyExists FileContentInvalid FileNameInvalid FilePathInvalid FileAuthorityInvalid
      UserGroupNotExists`.split(/\s+/)
    expect([...new Set(OF_FILES.map(([code]) => code))].toSorted()).toEqual(documented.toSorted())
  })
})
