import type { Clock } from '../clock.js'
import { LONGEST_CONTENT, textOfScript } from '../commands/custom-parameters.js'
import type { AgentFeature, HandedOutTask, Refused } from '../invocations/agent-tasks.js'
import type { InvocationScript } from '../invocations/invocation-store.js'
import { isContained } from '../invocations/run-options.js'
import type { UnitOfWork } from '../unit-of-work.js'
import { fillSecretsIn, secretNames, withoutSecrets } from './references.js'
import type { OpenSecret } from './secret-store.js'
import { whyNoSecrets } from './secret-use.js'

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
}

/** Names that one audit entry tells. */
const MOST_TOLD = 20

export type HandOutSecrets = (
  script: InvocationScript,
  instanceId: string,
  task: HandedOutTask,
  supports: ReadonlySet<AgentFeature> | undefined,
) => Promise<HandedOutTask>

/**
 * The last moment before a task leaves for its host is the first one at which its script has secrets: only here, only in
 * memory. Which values went out is kept, sealed, before the host has them, so that they are hidden in what it reports.
 */
export const handOutSecrets =
  ({ stores, clock }: Parts): HandOutSecrets =>
  async (script, instanceId, task, supports) => {
    if (script.secrets === 'none' || task.refused !== undefined) return task
    const refuse = (refused: Refused): HandedOutTask => ({ ...task, refused })
    // What is only checked needs no secret.
    if (script.repeatMode === 'DryRun') return { ...task, content: withoutSecrets(task.content) }
    const names = task.enableParameter ? secretNames(textOfScript(task.content)) : []
    // The script was changed since.
    if (names.length === 0) return task
    const contained = isContained(task)
    // One that says nothing is the vendor's.
    const why = whyNoSecrets(script.secrets, undefined, contained, supports ?? new Set())
    if (why !== undefined) return refuse({ param: 'CommandNotApplicable', why })
    const secrets = await open(names, script, instanceId)
    if (typeof secrets === 'string')
      return refuse({ param: 'QueryParameterStoreFailed', why: `the secret ${secrets} is not there any more` })
    const values = new Map([...secrets].map(([name, { value }]) => [name, value]))
    const content = fillSecretsIn(task.content, values, task.builtInParameters)
    if (4 * Math.ceil(content.byteLength / 3) > LONGEST_CONTENT)
      return refuse({ param: 'CommandNotApplicable', why: 'the script is too long with its secrets' })
    const hides = supports?.has('secrets') === true ? { secrets: [...values.values()] } : {}
    return { ...task, content, enableParameter: false, ...hides }

    /** @returns the name of one that is not there, too */
    function open(
      wanted: readonly string[],
      { scope, invokeId }: InvocationScript,
      host: string,
    ): Promise<ReadonlyMap<string, OpenSecret> | string> {
      return stores.write(async (w) => {
        const opened = await w.secrets.handOut(scope, invokeId, wanted)
        const missing = wanted.find((name) => !opened.has(name))
        if (missing !== undefined) return missing
        const told = [...opened].slice(0, MOST_TOLD).map(([name, { version }]) => `${name}@${version}`)
        w.audit({
          ...scope,
          at: clock.now(),
          actor: host,
          action: 'agent/take-secrets',
          subject: invokeId,
          detail: { amount: opened.size, secrets: told.join(',') },
        })
        return opened
      })
    }
  }
