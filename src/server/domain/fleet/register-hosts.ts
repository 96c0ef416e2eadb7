import { timingSafeEqual } from 'node:crypto'
import type { Clock, Ids } from '../clock.js'
import type { ProcessChange } from '../invocations/end-lost-tasks.js'
import type { UnitOfWork } from '../unit-of-work.js'
import type { ActivationPermit } from './activation-store.js'
import { isInRange, isPrivateAddress } from './address-range.js'
import type { AgentRegistry, Registration, RegistrationRefusal } from './agents.js'
import { processIdentity } from './agent-process.js'
import { hashOfCode } from './permit-activations.js'
import type { PresenceTable } from './presence.js'
import { removeHost } from './remove-host.js'

/** Wrong codes from one address before it has to wait … */
const MOST_FAILURES = 20
/** … and for how long they count. */
const FAILURE_WINDOW_MS = 10 * 60_000
/** Addresses remembered; beyond, the oldest is forgotten. */
const MOST_ADDRESSES = 10_000

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly ids: Ids
  readonly presence: PresenceTable
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly processChange: ProcessChange
}

/** What is kept of a host between beats, to notice what changed. */
interface Described {
  readonly agentVersion: string
  readonly osType: string
}

/** The verbs of hosts: registration, deregistration, heartbeat. */
export const registerHosts = ({ stores, clock, ids, presence, random, processChange }: Parts): AgentRegistry => {
  const failures = new FailureCounter(clock)
  const described = new Map<string, Described>()

  const refusalOf = (permit: ActivationPermit | undefined, asked: Registration): RegistrationRefusal | undefined => {
    if (permit === undefined || !sameHash(permit.codeHash, hashOfCode(asked.activationCode)))
      return 'activation-unknown'
    if (permit.disabled) return 'activation-disabled'
    if (permit.expiresAt <= clock.now()) return 'activation-expired'
    if (permit.ipAddressRange === '') return undefined
    if (asked.sourceAddress === undefined) return 'address-unknown'
    return isInRange(asked.sourceAddress, permit.ipAddressRange) ? undefined : 'address-not-allowed'
  }

  return {
    async register(asked) {
      const address = asked.sourceAddress ?? ''
      if (failures.tooMany(address)) return { registered: false, refusal: 'too-many-failures' }
      const permit = await stores.read.activations.findPermit(asked.activationId)
      const refusal = refusalOf(permit, asked)
      if (refusal !== undefined || permit === undefined) {
        if (refusal === 'activation-unknown') failures.add(address)
        return { registered: false, refusal: refusal ?? 'activation-unknown' }
      }
      return stores.write(async (w) => {
        const number = await w.activations.takeOne(permit.activationId)
        if (number === undefined) return { registered: false, refusal: 'activation-used-up' }
        const now = clock.now()
        const instanceId = ids.next('mi')
        await w.instances.add({
          scope: permit.scope,
          instanceId,
          osType: asked.osType,
          // Not a version that was heard to run: that comes with the first heartbeat.
          agentVersion: '',
          instanceName: asked.instanceName || nameFor(permit, number) || asked.hostname,
          hostname: asked.hostname,
          osVersion: asked.osVersion,
          machineId: asked.machineId,
          publicKey: asked.publicKeyPem,
          activationId: permit.activationId,
          intranetIp: asked.intranetIp,
          internetIp:
            asked.sourceAddress !== undefined && !isPrivateAddress(asked.sourceAddress) ? asked.sourceAddress : '',
          resourceGroupId: permit.resourceGroupId,
          registeredAt: now,
          tags: asked.tags,
        })
        w.audit({
          ...permit.scope,
          at: now,
          actor: instanceId,
          action: 'agent/register',
          subject: permit.activationId,
          detail: { address, agentVersion: asked.agentVersion },
        })
        return { registered: true, instanceId, regionId: permit.scope.regionId }
      })
    },

    async deregister(instanceId) {
      await processChange.deregistered(instanceId)
      await stores.write((w) => removeHost(w, instanceId, 'deregistered', clock.now()))
      described.delete(instanceId)
      presence.forget(instanceId)
    },

    async findHostKey(instanceId) {
      // The mark of its newest signature must be in memory before one of its signatures is judged.
      await presence.prefetch([instanceId])
      return stores.read.instances.findHostKey(instanceId)
    },

    async heartbeat(instanceId, beat) {
      const known = described.get(instanceId)
      if (known === undefined || known.agentVersion !== beat.agentVersion || known.osType !== beat.osType) {
        await stores.write((w) =>
          w.instances.describe(instanceId, {
            agentVersion: beat.agentVersion,
            osType: beat.osType,
            osVersion: beat.osVersion,
            bootedAt: beat.uptimeMs === undefined ? undefined : Math.round(clock.now() - beat.uptimeMs),
            now: clock.now(),
          }),
        )
        described.set(instanceId, { agentVersion: beat.agentVersion, osType: beat.osType })
      }
      const identity = processIdentity(beat, presence.agentProcess(instanceId), clock.now())
      if (identity !== undefined) {
        await presence.seeProcess(instanceId, identity)
        if (!presence.isProcessChecked(instanceId, identity)) {
          await processChange.processSeen(instanceId, identity, beat.coldStart === true)
          presence.processChecked(instanceId, identity)
        }
      }
      return { nextIntervalMs: 55_000 + Math.floor(random() * 10_001) }
    },
  }
}

/** `<prefix>-001`, padded to the digits of the count (api.md §10); '' without a prefix. */
const nameFor = (permit: ActivationPermit, number: number): string =>
  permit.instanceName === ''
    ? ''
    : `${permit.instanceName}-${String(number).padStart(String(permit.instanceCount).length, '0')}`

const sameHash = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'))

/** Wrong codes by address (design §4). Bounded. */
class FailureCounter {
  readonly #clock: Clock
  readonly #byAddress = new Map<string, { count: number; since: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  tooMany(address: string): boolean {
    const one = this.#byAddress.get(address)
    if (one === undefined) return false
    if (this.#clock.now() - one.since > FAILURE_WINDOW_MS) {
      this.#byAddress.delete(address)
      return false
    }
    return one.count >= MOST_FAILURES
  }

  add(address: string): void {
    const one = this.#byAddress.get(address)
    if (one !== undefined) {
      one.count += 1
      return
    }
    if (this.#byAddress.size >= MOST_ADDRESSES) {
      const [oldest] = this.#byAddress.keys()
      if (oldest !== undefined) this.#byAddress.delete(oldest)
    }
    this.#byAddress.set(address, { count: 1, since: this.#clock.now() })
  }
}
