import { setFlagsFromString } from 'node:v8'

/**
 * Keeps this process to V8's interpreter. An agent waits nearly all of its life, and compiled code costs it more memory
 * than it saves time: 3.5 MB on Node 20 and 6 MB on Node 24, measured at rest. Call it before the agent is loaded, and
 * only in a process that is nothing but an agent.
 */
export const interpretOnly = (): void => {
  for (const flag of ['--no-opt', '--no-maglev', '--no-sparkplug', '--max-lazy']) setFlagsFromString(flag)
}
