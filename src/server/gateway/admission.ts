import type { IncomingHttpHeaders } from 'node:http'
import { type AgentSignature, INSTANCE_ID_HEADER, readSignature, verify } from '../../protocol/agent-signature.js'
import { parseUserAgent, type UserAgent } from '../../protocol/user-agent.js'
import type { Presence } from '../domain/fleet/agents.js'
import type { Peer } from '../front/peer.js'
import type { AdmissionRefusal, Tell } from './gateway-event.js'
import type { HostKeys, ReadyKey } from './host-keys.js'

// Who may speak for a host: whoever signs with its registered key, freshly, over a connection that nobody else reads
// (design D2, D11). The identity header of cloud mode (`x-client-instance-id`) proves nothing and is never looked at.

/** A host whose request was verified. */
export interface AdmittedHost {
  readonly instanceId: string
  /** Undefined when the header is not of an agent's form. */
  readonly userAgent: UserAgent | undefined
}

export type Admission =
  | { readonly admitted: true; readonly host: AdmittedHost }
  | { readonly admitted: false; readonly status: 401 | 403; readonly refusal: AdmissionRefusal }

/** Sentences for who reads the log of a refused agent. Unknown host and wrong key give the same one. */
export const REFUSALS: Readonly<Record<AdmissionRefusal, string>> = {
  insecure: 'Agents are admitted over TLS only.',
  unsigned: 'The request is not signed by a registered host.',
  'unknown-or-bad-signature': 'The host is not registered here, or its signature does not match.',
  stale: 'The signature is not fresh. Check the clock of the host.',
  replayed: 'The request was seen before.',
}

/** Agents send secrets of their host's owner: scripts and output never travel in clear (design D11). */
export const isProtected = (peer: Peer): boolean => peer.secure || peer.loopback

export interface AdmissionDesk {
  /** At once for a host whose key is kept, which is nearly always. Rejects when the key cannot be looked up. */
  admit(headers: IncomingHttpHeaders, peer: Peer): Admission | Promise<Admission>
}

export const createAdmission = ({
  keys,
  presence,
  tell,
}: {
  readonly keys: HostKeys
  readonly presence: Pick<Presence, 'admit'>
  readonly tell: Tell
}): AdmissionDesk => {
  const userAgents = new KnownUserAgents()

  const refuse = (refusal: AdmissionRefusal, headers: IncomingHttpHeaders, peer: Peer): Admission => {
    const claimed = headers[INSTANCE_ID_HEADER]
    tell({
      kind: 'admission-refused',
      refusal,
      claimedInstanceId: typeof claimed === 'string' ? claimed.slice(0, 64) : undefined,
      address: peer.address,
    })
    return { admitted: false, status: refusal === 'insecure' ? 403 : 401, refusal }
  }

  const holds = (key: ReadyKey | undefined, signature: AgentSignature): key is ReadyKey =>
    key !== undefined && verify(key.publicKey, key.machineId, signature)

  const judgeFreshness = (signature: AgentSignature, headers: IncomingHttpHeaders, peer: Peer): Admission => {
    const { instanceId, timestamp, requestId } = signature
    const fresh = presence.admit(instanceId, timestamp, requestId)
    if (fresh !== 'fresh') return refuse(fresh, headers, peer)
    return { admitted: true, host: { instanceId, userAgent: userAgents.parse(headers['user-agent']) } }
  }

  const admitUnknown = async (signature: AgentSignature, headers: IncomingHttpHeaders, peer: Peer) =>
    holds(await keys.lookUp(signature.instanceId), signature)
      ? judgeFreshness(signature, headers, peer)
      : refuse('unknown-or-bad-signature', headers, peer)

  return {
    admit(headers, peer) {
      if (!isProtected(peer)) return refuse('insecure', headers, peer)
      const signature = readSignature(headers)
      if (signature === undefined) return refuse('unsigned', headers, peer)
      // A kept key that does not fit may be the one from before the host registered again on another node.
      return holds(keys.peek(signature.instanceId), signature)
        ? judgeFreshness(signature, headers, peer)
        : admitUnknown(signature, headers, peer)
    },
  }
}

/** A fleet has few distinct user agents: each is parsed once. */
class KnownUserAgents {
  readonly #known = new Map<string, UserAgent | undefined>()

  parse(header: string | undefined): UserAgent | undefined {
    if (header === undefined || header.length > 128) return undefined
    if (this.#known.has(header)) return this.#known.get(header)
    const parsed = parseUserAgent(header)
    if (this.#known.size >= 256) this.#known.clear()
    this.#known.set(header, parsed)
    return parsed
  }
}
