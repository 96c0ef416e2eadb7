import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isWireId } from '../../protocol/wire-id.js'
import type { StateDirectory } from './state-directory.js'
import { writeDurably } from './write-durably.js'

/** Who this host is to its server. */
export interface Identity {
  readonly instanceId: string
  /** Part of every signed text, never sent after the registration (agent-protocol.md §2.3). */
  readonly machineId: string
  /** `host` or `host:port` of the server that it registered with. */
  readonly server: string
  /** PEM certificates that the server's chain must end in; absent: the ones that come with the runtime. */
  readonly ca: string | undefined
  readonly privateKey: KeyObject
}

const FORMAT = 1

/** @returns undefined when this host is not registered */
export const readIdentity = async (directory: Pick<StateDirectory, 'identity'>): Promise<Identity | undefined> => {
  let text: string
  try {
    text = await readFile(directory.identity, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return parseIdentity(text)
  } catch (error) {
    throw new Error(`${directory.identity} is damaged. Register this host again with --force.`, { cause: error })
  }
}

const parseIdentity = (text: string): Identity => {
  const raw = JSON.parse(text) as Readonly<Record<string, unknown>>
  const { instanceId, machineId, server, ca, privateKey } = raw
  if (raw['format'] !== FORMAT) throw new Error('written by another version')
  if (typeof instanceId !== 'string' || !isWireId(instanceId)) throw new Error('no instance id')
  if (typeof machineId !== 'string' || typeof server !== 'string' || typeof privateKey !== 'string') {
    throw new Error('a member is missing')
  }
  if (ca !== undefined && typeof ca !== 'string') throw new Error('ca is no text')
  return { instanceId, machineId, server, ca, privateKey: createPrivateKey(privateKey) }
}

/** One file, so that key and id change together or not at all. */
export const writeIdentity = async (directory: Pick<StateDirectory, 'identity'>, identity: Identity): Promise<void> => {
  const { instanceId, machineId, server, ca } = identity
  const privateKey = identity.privateKey.export({ type: 'pkcs1', format: 'pem' })
  const document = { format: FORMAT, instanceId, machineId, server, ca, privateKey }
  await writeDurably(directory.identity, `${JSON.stringify(document, null, 2)}\n`)
}
