import { registerAgent } from '../agent/register-agent.js'
import { type AgentOptions, type RunningAgent, startAgent } from '../agent/start-agent.js'
import type { RunningServer } from './main.js'

export interface OwnAgentOptions {
  readonly stateDir: string
  /** What its activation says. */
  readonly description?: string
  /** Of its instance; the host's own when absent. */
  readonly name?: string
  readonly log?: AgentOptions['log']
}

/** `host:port` of a server in this process, for an agent beside it. */
export const agentAddressOf = ({ tlsEndpoint = '' }: Pick<RunningServer, 'tlsEndpoint'>): string =>
  `127.0.0.1:${new URL(tlsEndpoint).port}`

/** Registers a real agent with a server in this process, and starts it here. @returns it, connected */
export const startOwnAgent = async (server: RunningServer, options: OwnAgentOptions): Promise<RunningAgent> => {
  const { accountId, regionId, caPem = '' } = server
  const permit = await server.parts.domain.activations.create(
    { accountId, regionId },
    {
      instanceName: '',
      description: options.description ?? '',
      instanceCount: 1,
      timeToLiveHours: 1,
      ipAddressRange: '',
      resourceGroupId: '',
      tags: [],
    },
    undefined,
  )
  const of = { stateDir: options.stateDir, server: agentAddressOf(server), ca: caPem }
  await registerAgent({ ...of, ...permit, ...(options.name === undefined ? {} : { name: options.name }) })
  const agent = await startAgent({ ...of, ...(options.log === undefined ? {} : { log: options.log }) })
  try {
    await agent.ready
  } catch (cause) {
    await agent.stop()
    throw cause
  }
  return agent
}
