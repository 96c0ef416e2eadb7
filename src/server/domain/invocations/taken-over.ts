import type { Scope } from '../access/scope.js'
import type { NewCommand } from '../commands/commands.js'
import type { UnitOfWork } from '../unit-of-work.js'
import type { InvocationAttributes } from './invocation-store.js'
import type { RunRequest, SubmittedCommand } from './invocations.js'

/**
 * A run on the hosts where another failed takes from that one what no answer of the API tells and the caller does not say:
 * whether placeholders are filled in, what it is for, its resource group, and the name of the password of its user.
 */
export const takenOver = async (
  stores: Pick<UnitOfWork, 'read'>,
  scope: Scope,
  command: SubmittedCommand,
  request: RunRequest,
): Promise<{ readonly command: NewCommand & { readonly keep: boolean }; readonly request: RunRequest }> => {
  const original = await originalOf(stores, scope, request)
  return {
    command: {
      ...command,
      enableParameter: command.enableParameter ?? original?.enableParameter ?? false,
      description: command.description ?? original?.commandDescription ?? '',
    },
    request: completed(request, original),
  }
}

/** The same for a run of a kept command, which knows of itself what it is for and whether it has placeholders. */
export const takenOverForCommand = async (
  stores: Pick<UnitOfWork, 'read'>,
  scope: Scope,
  request: RunRequest,
): Promise<RunRequest> => completed(request, await originalOf(stores, scope, request))

/** Undefined also for one that is not there: who looks for its hosts finds that out. */
const originalOf = async (
  stores: Pick<UnitOfWork, 'read'>,
  scope: Scope,
  { targets }: RunRequest,
): Promise<InvocationAttributes | undefined> =>
  targets.by === 'failure' ? await stores.read.invocations.attributes(scope, targets.invokeId) : undefined

const completed = (request: RunRequest, original: InvocationAttributes | undefined): RunRequest => {
  if (original === undefined) return request
  const isSameUser = request.username === original.username
  return {
    ...request,
    resourceGroupId: request.resourceGroupId === '' ? original.resourceGroupId : request.resourceGroupId,
    windowsPasswordName: request.windowsPasswordName ?? (isSameUser ? original.windowsPasswordName : undefined),
  }
}
