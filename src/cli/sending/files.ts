import { escapeControl } from '../../command-line/escape-control.js'
import { CommandFailure } from '../../command-line/failures.js'
import type { Pair } from '../../command-line/options.js'
import { listAt, type Members, numberAt, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { hostOf, type InvocationHost } from '../history/invocations.js'
import { pages, tagParameters } from '../pages.js'

/** A file that was sent, and how it stands on every host, in the words of the API (api.md §9.2). */
export interface FileSend {
  readonly invokeId: string
  readonly status: string
  readonly creationTime: string
  readonly name: string
  readonly directory: string
  readonly description: string
  /** Of the file, in bytes. */
  readonly size: number
  readonly owner: string
  readonly group: string
  readonly mode: string
  readonly overwrite: boolean
  readonly tags: readonly Pair[]
  readonly hosts: readonly InvocationHost[]
}

/** States of a whole send that can be asked for. */
export const SEND_STATES = ['Pending', 'Running', 'Success', 'Failed', 'PartialFailed'] as const

export interface FileFilter {
  readonly state: string | undefined
  readonly name: string | undefined
  readonly instanceId: string | undefined
  readonly tags: readonly Pair[]
}

/** Sends in one answer; each brings its file and its hosts along. */
const PAGE = 20

/** What is a send and no invocation. */
export const isFileId = (id: string): boolean => id.startsWith('f-')

/** The newest sends, in pages. */
export async function* filePages(
  api: Api,
  { state, name, instanceId, tags }: FileFilter,
): AsyncGenerator<{ readonly total: number; readonly files: readonly FileSend[] }> {
  const parameters: FlatParameters = [
    ...(state === undefined ? [] : [['InvocationStatus', state] as const]),
    ...(name === undefined ? [] : [['Name', name] as const]),
    ...(instanceId === undefined ? [] : [['InstanceId', instanceId] as const]),
    ...tagParameters(tags),
  ]
  for await (const answer of pages(api, 'DescribeSendFileResults', parameters, PAGE)) {
    yield { total: numberAt(answer, 'TotalCount'), files: listAt(answer, 'Invocations', 'Invocation').map(fileOf) }
  }
}

/** @throws CommandFailure when there is none */
export const getFile = async (api: Api, invokeId: string, signal?: AbortSignal): Promise<FileSend> => {
  const answer = await api.call('DescribeSendFileResults', [['InvokeId', invokeId]], signal)
  const [found] = listAt(answer, 'Invocations', 'Invocation')
  if (found !== undefined) return fileOf(found)
  throw new CommandFailure(`there is no sent file ${escapeControl(invokeId)}.`, {
    advice: ['Those that there are: openassist files list. The oldest ones are removed after a while.'],
  })
}

const fileOf = (from: Members): FileSend => ({
  invokeId: textAt(from, 'InvokeId'),
  status: textAt(from, 'InvocationStatus'),
  creationTime: textAt(from, 'CreationTime'),
  name: textAt(from, 'Name'),
  directory: textAt(from, 'TargetDir'),
  description: textAt(from, 'Description'),
  size: Buffer.byteLength(textAt(from, 'Content'), 'base64'),
  owner: textAt(from, 'FileOwner'),
  group: textAt(from, 'FileGroup'),
  mode: textAt(from, 'FileMode'),
  overwrite: textAt(from, 'Overwrite') === 'true',
  tags: listAt(from, 'Tags', 'Tag').map((tag) => ({ name: textAt(tag, 'TagKey'), value: textAt(tag, 'TagValue') })),
  hosts: listAt(from, 'InvokeInstances', 'InvokeInstance').map(hostOf),
})
