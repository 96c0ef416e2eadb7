import type { AgentTasks } from './agent-tasks.js'
import type { Clock } from '../clock.js'
import type { PresenceTable } from '../fleet/presence.js'
import type { Pacer } from '../rollouts/pacer.js'
import type { UnitOfWork } from '../unit-of-work.js'
import { handOutSecrets } from '../secrets/hand-out-secrets.js'
import { handOut } from './hand-out.js'
import type { Reschedules } from './reschedules.js'
import { Scripts } from './scripts.js'
import { takeReport } from './take-report.js'
import type { ToldFeatures } from './told-features.js'

/** Hosts remembered as installing an update; beyond, the oldest is forgotten. */
const MOST_REJECTIONS = 10_000

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly presence: PresenceTable
  readonly wake: (instanceIds: readonly string[]) => void
  readonly rejections: Map<string, number>
  /** Bytes of output that are kept of one task. */
  readonly outputQuota: number
  readonly tasksPerHost: number
  readonly reschedules: Reschedules
  readonly pacer: Pick<Pacer, 'hostSeen' | 'letIn'>
  readonly features: ToldFeatures
}

/** What agents do with tasks: fetch them, report on them. */
export const serveAgents = (parts: Parts): AgentTasks => {
  const { stores, clock, rejections, reschedules, pacer } = parts
  const scripts = new Scripts(stores)
  const crowded = new Set<string>()
  const fetch = handOut({ ...parts, scripts, crowded, secrets: handOutSecrets(parts) })
  const report = takeReport({ ...parts, scripts, crowded })
  return {
    async fetch(instanceId, fetched) {
      if (fetched.reason === 'startup') await pacer.letIn(instanceId)
      await pacer.hostSeen(instanceId)
      return fetch(instanceId, fetched)
    },
    report,
    rejected(instanceId) {
      if (rejections.size >= MOST_REJECTIONS) {
        const [oldest] = rejections.keys()
        if (oldest !== undefined) rejections.delete(oldest)
      }
      rejections.set(instanceId, clock.now())
    },
    async hasWork(instanceId) {
      await pacer.hostSeen(instanceId)
      return reschedules.names(instanceId, clock.now()) || stores.read.tasks.hasWork(instanceId)
    },
  }
}
