// Which agent may have a script with secrets. Pure.
import type { OsType } from '../fleet/instances.js'
import type { AgentFeature } from '../invocations/agent-tasks.js'

/**
 * What an invocation does with secrets: none; only where they stay off disks and out of logs; or anywhere, as its caller
 * allowed.
 */
export type SecretUse = 'none' | 'guarded' | 'allowed'

const ALLOW = 'allow it with AllowSecretOnDisk'

/**
 * Why a script may not go to this agent; undefined when it may.
 * @param supports what the agent said; undefined: it is not known yet, and asked again when the script is handed out
 */
export const whyNoSecrets = (
  use: SecretUse,
  osType: OsType | undefined,
  contained: boolean,
  supports: ReadonlySet<AgentFeature> | undefined,
): string | undefined => {
  if (use !== 'guarded') return undefined
  if (contained) return `a script with a secret is an argument of a process in a container, for all to see; ${ALLOW}`
  // Only the vendor's agent runs on Windows.
  if (osType !== 'Windows' && supports?.has('secrets') !== false) return undefined
  return `the agent of the host keeps every script on its disk, readable by all, and this one holds a secret; ${ALLOW}`
}
