import { createPublicKey, type KeyObject } from 'node:crypto'
import type { InferFields } from '../../schema/shape.js'
import { messages } from '../../protocol/messages/index.js'
import { NO_ADDRESS } from '../../protocol/messages/register.js'
import { malformed, type Parsed, parsed } from '../../protocol/parsed.js'
import { parseOsType } from '../../protocol/user-agent.js'
import type { Registration, RegistrationRefusal } from '../domain/fleet/agents.js'

// A registration is the one message whose sender has proved nothing: every member is looked at before the domain sees it.

const LEAST_KEY_BITS = 2_048
const MOST_KEY_BITS = 4_096
const PUBLIC_EXPONENT = 65_537n

/** What a refused host prints for the person at its keyboard, and a code other than 200. */
export const REGISTRATION_REFUSALS: Readonly<
  Record<RegistrationRefusal, { readonly code: number; readonly errMsg: string }>
> = {
  'activation-unknown': { code: 404, errMsg: 'The activation code or activation id is wrong.' },
  'activation-expired': { code: 403, errMsg: 'The activation has expired. Create another one.' },
  'activation-disabled': { code: 403, errMsg: 'The activation is disabled.' },
  'activation-used-up': { code: 403, errMsg: 'The activation was used by as many instances as it is for.' },
  'address-not-allowed': { code: 403, errMsg: 'The activation may not be used from this address.' },
  'address-unknown': {
    code: 403,
    errMsg: 'The activation is bound to addresses, and the address of this host is not known to the server.',
  },
  'too-many-failures': { code: 429, errMsg: 'There were too many failures from this address. Wait and try again.' },
}

type Body = Extract<typeof messages.register.body, { kind: 'json' }>['codec'] extends {
  decode(text: string): Parsed<infer V>
}
  ? V
  : InferFields<object>

/** @returns what the domain is asked, or a sentence about what is wrong */
export const readRegistration = (text: string, sourceAddress: string | undefined): Parsed<Registration> => {
  const { body } = messages.register
  if (body.kind !== 'json') return malformed('the registration has no body')
  const document = body.codec.decode(text)
  if (!document.ok) return document
  return toRegistration(document.value, sourceAddress)
}

const toRegistration = (body: Body, sourceAddress: string | undefined): Parsed<Registration> => {
  const osType = parseOsType(body.osType)
  if (osType === undefined) return malformed('osType is none of linux, windows and freebsd')
  const publicKeyPem = readPublicKey(body.publicKey)
  if (!publicKeyPem.ok) return publicKeyPem
  const keys = new Set(body.tag.map((tag) => tag.key))
  if (keys.size !== body.tag.length) return malformed('a tag is given twice')
  return parsed({
    activationId: body.activationId,
    activationCode: body.activationCode,
    machineId: body.machineId,
    instanceName: body.instanceName,
    hostname: body.hostname,
    intranetIp: body.intranetIp === NO_ADDRESS ? '' : body.intranetIp,
    osVersion: body.osVersion,
    osType,
    agentVersion: body.agentVersion,
    publicKeyPem: publicKeyPem.value,
    tags: body.tag,
    sourceAddress,
  })
}

/** @returns the key as SPKI PEM (design D2: RSA of 2048–4096 bits, e = 65537) */
export const readPublicKey = (base64: string): Parsed<string> => {
  const pem = Buffer.from(base64, 'base64').toString('latin1')
  if (!pem.startsWith('-----BEGIN PUBLIC KEY-----')) return malformed('publicKey is no PEM of a public key')
  let key: KeyObject
  try {
    key = createPublicKey({ key: pem, format: 'pem' })
  } catch {
    return malformed('publicKey cannot be read')
  }
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== 'rsa') return malformed('publicKey is not of RSA')
  if (modulusLength < LEAST_KEY_BITS || modulusLength > MOST_KEY_BITS) {
    return malformed(`publicKey has ${modulusLength} bits; ${LEAST_KEY_BITS} to ${MOST_KEY_BITS} are taken`)
  }
  if (publicExponent !== PUBLIC_EXPONENT) return malformed('publicKey has another exponent than 65537')
  return parsed(key.export({ type: 'spki', format: 'pem' }).toString())
}
