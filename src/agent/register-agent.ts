import { generateKeyPair, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { NO_ADDRESS, register } from '../protocol/messages/register.js'
import { formatOsType, formatUserAgent } from '../protocol/user-agent.js'
import { AGENT_VERSION } from './agent-version.js'
import { parseServerAddress } from './link/server-address.js'
import { isSuccess, openServerLink } from './link/server-link.js'
import type { Platform } from './platform/platform.js'
import { thisPlatform } from './platform/this-platform.js'
import { readIdentity, writeIdentity } from './state/identity.js'
import { takeLock } from './state/lock.js'
import { openStateDirectory } from './state/state-directory.js'

export interface RegisterOptions {
  readonly stateDir: string
  /** `host:port` of the server. */
  readonly server: string
  /** PEM certificates that the server's chain must end in; absent: the ones that come with the runtime. */
  readonly ca?: string
  readonly activationId: string
  readonly activationCode: string
  /** Name of the instance; default: the server names it, after its activation or the host. */
  readonly name?: string
  readonly tags?: readonly { readonly key: string; readonly value: string }[]
  /** The server decides by the activation; told for servers that ask. */
  readonly regionId?: string
  /** Replaces an identity that is there. */
  readonly force?: boolean
  readonly platform?: Platform
}

/** Why a registration did not happen, in a sentence for the person at the keyboard. */
export class RegistrationFailed extends Error {
  override readonly name = 'RegistrationFailed'
  readonly kind: 'registered-already' | 'unreachable' | 'untrusted' | 'refused' | 'unclear'

  constructor(kind: RegistrationFailed['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

const KEY_BITS = 2_048

/**
 * Makes a key pair, registers this host with an activation and keeps the identity in the state directory. Sent once: a
 * lost answer leaves the identity away, and the server forgets an instance that never beat (design §4).
 * @throws RegistrationFailed, StateInUse, and errors of the file system
 */
export const registerAgent = async (options: RegisterOptions): Promise<{ readonly instanceId: string }> => {
  const platform = options.platform ?? thisPlatform()
  const address = parseServerAddress(options.server)
  const directory = await openStateDirectory(options.stateDir)
  const lock = await takeLock(directory.path, platform)
  try {
    if (options.force !== true) await refuseIfRegistered(options.stateDir, directory)
    const machineId = (await platform.machineId()) || randomUUID()
    const keys = await promisify(generateKeyPair)('rsa', { modulusLength: KEY_BITS })
    const publicKey = Buffer.from(keys.publicKey.export({ type: 'spki', format: 'pem' })).toString('base64')
    const instanceId = await send(options, platform, machineId, publicKey)
    const { ca } = options
    await writeIdentity(directory, { instanceId, machineId, server: address.host, ca, privateKey: keys.privateKey })
    return { instanceId }
  } finally {
    await lock.release()
  }
}

const refuseIfRegistered = async (stateDir: string, directory: { readonly identity: string }): Promise<void> => {
  const identity = await readIdentity(directory)
  if (identity === undefined) return
  throw new RegistrationFailed(
    'registered-already',
    `This host is registered already, as ${identity.instanceId} with ${identity.server} (${stateDir}). ` +
      'To replace that registration use --force.',
  )
}

const send = async (
  options: RegisterOptions,
  platform: Platform,
  machineId: string,
  publicKey: string,
): Promise<string> => {
  const { osType, architecture, osVersion, hostname, intranetIp } = platform.hostFacts()
  const link = openServerLink({
    address: parseServerAddress(options.server),
    ca: options.ca,
    userAgent: formatUserAgent({ osType, architecture, version: AGENT_VERSION }),
  })
  if (register.body.kind !== 'json') throw new TypeError('a registration is a JSON document')
  const body = register.body.codec.encode({
    activationCode: options.activationCode,
    machineId,
    regionId: options.regionId ?? '',
    instanceName: options.name ?? '',
    hostname,
    intranetIp: intranetIp || NO_ADDRESS,
    osVersion,
    osType: formatOsType(osType),
    agentVersion: AGENT_VERSION,
    publicKey,
    activationId: options.activationId,
    tag: options.tags ?? [],
  })
  try {
    const exchange = await link.exchange({
      method: register.method,
      target: register.path,
      contentType: register.contentType,
      timeoutMs: register.clientTimeoutMs * 2,
      body: Buffer.from(body),
    })
    return readAnswer(exchange, link.address.host)
  } finally {
    link.close()
  }
}

type Exchange = Awaited<ReturnType<ReturnType<typeof openServerLink>['exchange']>>

const readAnswer = (exchange: Exchange, host: string): string => {
  if (exchange.kind === 'unanswered') {
    throw new RegistrationFailed('unclear', `${host} did not answer in full (${exchange.reason}). Register again.`)
  }
  if (exchange.kind === 'unsent') {
    if (/certificate|CERT|altnames/i.test(exchange.reason)) {
      throw new RegistrationFailed(
        'untrusted',
        `The certificate of ${host} is not trusted (${exchange.reason}). Give the server's CA with --ca-file.`,
      )
    }
    throw new RegistrationFailed('unreachable', `${host} cannot be reached: ${exchange.reason}`)
  }
  if (!isSuccess(exchange.status)) {
    throw new RegistrationFailed('refused', `${host} answered with status ${exchange.status}.`)
  }
  const document = register.answer.decode(exchange.text)
  if (!document.ok) {
    throw new RegistrationFailed('unclear', `${host} gave an answer that is none of its kind: ${document.reason}`)
  }
  const { code, instanceId, errMsg } = document.value
  if (code !== 200 || instanceId === '') {
    const why = errMsg === undefined || errMsg === '' ? `code ${code}` : errMsg
    throw new RegistrationFailed('refused', `${host} refused the registration: ${why}`)
  }
  return instanceId
}
