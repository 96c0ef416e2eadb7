import { type AgentOptions, startAgent } from './start-agent.js'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * Runs an agent in the foreground until a signal ends it.
 * @returns when everything is closed: nothing keeps the process alive then. @throws what `startAgent` throws
 */
export const runAgent = async (options: AgentOptions): Promise<void> => {
  let signal = (): void => undefined
  const signalled = new Promise<void>((resolve) => {
    signal = resolve
  })
  for (const name of SIGNALS) process.on(name, signal)
  try {
    const agent = await startAgent(options)
    await signalled
    await agent.stop()
  } finally {
    for (const name of SIGNALS) process.off(name, signal)
  }
}
