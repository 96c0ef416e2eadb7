import { register } from '../protocol/messages/register.js'
import { call, type Caller } from './call.js'
import type { HttpWire } from './http-wire.js'
import type { Permit } from './permits.js'

export interface HostToRegister {
  readonly machineId: string
  readonly name: string
  /** Base64 of the PEM text. */
  readonly publicKey: string
  readonly agentVersion: string
  readonly tags: readonly { readonly key: string; readonly value: string }[]
}

/** Why a fleet cannot be, in a sentence. */
export class RegistrationFailed extends Error {
  override readonly name = 'RegistrationFailed'
  readonly kind: 'refused' | 'unreachable' | 'untrusted'

  constructor(kind: RegistrationFailed['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/**
 * Registers one host.
 * @returns its instance; undefined when no answer came
 * @throws RegistrationFailed
 */
export const registerHost = async (
  wire: HttpWire,
  caller: Caller,
  permit: Permit,
  host: HostToRegister,
): Promise<string | undefined> => {
  if (register.body.kind !== 'json') throw new TypeError('a registration is a JSON document')
  const body = register.body.codec.encode({
    activationCode: permit.activationCode,
    machineId: host.machineId,
    regionId: '',
    instanceName: host.name,
    hostname: host.name,
    intranetIp: '192.0.2.1',
    osVersion: 'Linux_#1 SMP_x86_64',
    osType: 'linux',
    agentVersion: host.agentVersion,
    publicKey: host.publicKey,
    activationId: permit.activationId,
    tag: host.tags,
  })
  const answer = await call(wire, caller, register, {}, '', Buffer.from(body))
  if (answer === undefined && /CERT|ISSUER|SIGNATURE|ALTNAME/.test(wire.trouble)) {
    throw new RegistrationFailed('untrusted', `The certificate of ${caller.host} is not trusted: ${wire.trouble}.`)
  }
  if (answer === undefined || answer.status >= 500 || answer.status === 429) return undefined
  const document = register.answer.decode(answer.body)
  if (!document.ok)
    throw new RegistrationFailed('refused', `The answer to a registration is none of its kind: ${document.reason}`)
  const { code, instanceId, errMsg } = document.value
  if (code !== 200 || instanceId === '') {
    throw new RegistrationFailed('refused', `A registration was refused: ${errMsg ?? `code ${code}`}`)
  }
  return instanceId
}
