// What an agent can do beyond the vendor's, whose wire has no words for it (agent-protocol.md §5.4). An agent says so with
// each fetch (`supports` of task/list); one that says nothing is sent nothing that the vendor's agent does not know.

/**
 * `launcher`: members launcher and scriptExtension of a task. `termination-mode`: member terminationMode.
 * `container`: members containerId and containerName, which the vendor’s agent has, too. `secrets`: member secrets; a
 * script with secrets is on no disk, and they are in no report and no record of the agent.
 */
export const AGENT_FEATURES = ['launcher', 'termination-mode', 'container', 'secrets'] as const

export type AgentFeature = (typeof AGENT_FEATURES)[number]

/** Stands for the path of the script in the words of a launcher. */
export const SCRIPT_FILE = '{{ACS::ScriptFileName}}'

/** Features as they travel. */
export const formatFeatures = (features: readonly AgentFeature[]): string => features.join(',')

/** Those that are known here; of a newer agent there may be others. */
export const parseFeatures = (text: string | undefined): ReadonlySet<AgentFeature> => {
  const said = new Set(text?.split(','))
  return new Set(AGENT_FEATURES.filter((feature) => said.has(feature)))
}
