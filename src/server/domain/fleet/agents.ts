import type { Tag } from '../tags.js'
import type { OsType } from './instances.js'

// What the agent's door asks of the domain about hosts. Every time here is in milliseconds of the server's clock
// unless its name says `agent`.

export interface Registration {
  readonly activationId: string
  readonly activationCode: string
  readonly machineId: string
  readonly instanceName: string
  readonly hostname: string
  readonly intranetIp: string
  readonly osVersion: string
  readonly osType: OsType
  readonly agentVersion: string
  /** SPKI PEM; the door has checked that it is RSA of 2048–4096 bits with e = 65537 (design D2). */
  readonly publicKeyPem: string
  readonly tags: readonly Tag[]
  /** Address of the peer; absent when it is not known (design D11). */
  readonly sourceAddress: string | undefined
}

/** Why a host may not register, in words for the person at its keyboard. */
export type RegistrationRefusal =
  | 'activation-unknown'
  | 'activation-expired'
  | 'activation-disabled'
  | 'activation-used-up'
  | 'address-not-allowed'
  | 'address-unknown'
  | 'too-many-failures'

export type RegistrationOutcome =
  | { readonly registered: true; readonly instanceId: string; readonly regionId: string }
  | { readonly registered: false; readonly refusal: RegistrationRefusal }

/** What a host's signature is verified with. */
export interface HostKey {
  readonly instanceId: string
  readonly machineId: string
  readonly publicKeyPem: string
}

/** What a heartbeat tells. */
export interface Heartbeat {
  readonly osType: OsType
  readonly agentVersion: string
  /** Process id and age of the agent; absent in forms that lack them. */
  readonly pid: number | undefined
  readonly processUptimeMs: number | undefined
  readonly uptimeMs: number | undefined
  /** `timestamp` of the query, the agent's clock. */
  readonly agentTime: number | undefined
  /** Only in the first heartbeats of a process. */
  readonly coldStart: boolean | undefined
  readonly osVersion: string | undefined
}

export interface AgentRegistry {
  register(registration: Registration): Promise<RegistrationOutcome>
  /** Ends a registration at the host's own wish; its tasks end as InstanceDeregistered. */
  deregister(instanceId: string): Promise<void>
  /** Key of a registered host, or undefined. */
  findHostKey(instanceId: string): Promise<HostKey | undefined>
  /**
   * Applies a heartbeat of an admitted host. A process that was not seen before ends the unfinished tasks of the one
   * before it (design §5).
   * @returns when the next one is wanted, within 55,000–65,000 ms (design D8)
   */
  heartbeat(instanceId: string, beat: Heartbeat): Promise<{ nextIntervalMs: number }>
}

/** Who was heard, when, and how fresh its signatures are. In memory; flushed in batches (design D7). */
export interface Presence {
  /**
   * Checks that a signed request is fresh and marks the host as heard (design D2). Call it after the signature was
   * verified. `stale`: outside ±5 min around the host's learned offset, or over 15 s older than the newest accepted
   * one; `replayed`: this request id was accepted before.
   */
  admit(instanceId: string, agentTime: number, requestId: string): 'fresh' | 'stale' | 'replayed'
  /** A verified frame, ping or pong came on the host's socket. */
  heard(instanceId: string): void
  /** The host's notify socket is open on this node. The generation orders connects and disconnects. */
  connected(instanceId: string): number
  /** Ignored unless the generation is the newest one. */
  disconnected(instanceId: string, generation: number): void
  /** Milliseconds to add to a time that the agent reports, to have it on the server's clock. */
  clockCorrection(instanceId: string): number
}
