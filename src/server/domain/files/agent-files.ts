import type { AgentFeature } from '../invocations/agent-tasks.js'
import type { NewFile } from './files.js'

// What the agent's door asks of the domain about files.

/** A file handed to an agent. */
export interface HandedOutFile extends Omit<NewFile, 'description'> {
  readonly taskId: string
  readonly timeoutSeconds: number
}

/** What an agent reports about a file: once, when it is over (agent-protocol.md §7). */
export type FileReport =
  /** `code` 0: it is written. */
  | { readonly kind: 'finish'; readonly taskId: string; readonly code: number }
  | { readonly kind: 'invalid'; readonly taskId: string; readonly param: string; readonly value: string }

export interface AgentFiles {
  /**
   * Hands out what waits for this host; what it returns is durable (design §5, D5).
   * @param isFirst the first fetch of a process, whose first beat may still be on its way
   * @param supports what the agent says that it can do; the vendor's says nothing, and sets fewer modes
   */
  fetch(instanceId: string, isFirst?: boolean, supports?: ReadonlySet<AgentFeature>): Promise<readonly HandedOutFile[]>
  /** Takes a report in, durably before it resolves. Idempotent, late ones too; an unknown file is ignored. */
  report(instanceId: string, report: FileReport): Promise<void>
  /** True while a file waits to be asked for. */
  hasWork(instanceId: string): Promise<boolean>
}
