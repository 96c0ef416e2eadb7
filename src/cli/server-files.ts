import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandFailure } from '../command-line/failures.js'
import type { AccessKey } from './sign-request.js'

/** What a server tells about itself in `<data>/server.json` while it listens. */
export interface ServerFile {
  readonly endpoint: string
  readonly tlsEndpoint: string | undefined
  readonly regionId: string | undefined
  readonly caFile: string | undefined
  readonly pid: number | undefined
}

/** The server whose data are in this folder; undefined when none has run there. */
export const readServerFile = (data: string): ServerFile | undefined => {
  const file = join(data, 'server.json')
  const content = readObject(file)
  if (content === undefined) return undefined
  const textOf = (name: string): string | undefined => {
    const value = content[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  // A server may have a TLS listener only.
  const endpoint = textOf('endpoint') ?? textOf('tlsEndpoint')
  if (endpoint === undefined) throw new CommandFailure(`${file} names no endpoint.`)
  return {
    endpoint,
    tlsEndpoint: textOf('tlsEndpoint'),
    regionId: textOf('regionId'),
    caFile: textOf('caFile'),
    pid: typeof content['pid'] === 'number' ? content['pid'] : undefined,
  }
}

/** The first AccessKey of the server whose data are in this folder; undefined when it is not there. */
export const readFirstAccessKey = (data: string): AccessKey | undefined => {
  const file = join(data, 'first-access-key')
  const content = readObject(file)
  if (content === undefined) return undefined
  const { accessKeyId, accessKeySecret } = content
  if (typeof accessKeyId !== 'string' || typeof accessKeySecret !== 'string') {
    throw new CommandFailure(`${file} holds no AccessKey.`)
  }
  return { accessKeyId, accessKeySecret }
}

const readObject = (file: string): Record<string, unknown> | undefined => {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new CommandFailure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(content)
  } catch (error) {
    throw new CommandFailure(`${file} is not JSON.`, { cause: error })
  }
  if (typeof parsed !== 'object' || parsed === null) throw new CommandFailure(`${file} is not a JSON object.`)
  return { ...parsed }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
