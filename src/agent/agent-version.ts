/**
 * The version that this agent gives itself in every `User-Agent`. Servers gate features by it (api.md §12), with four
 * numbers of which the third is the system's (3 = Linux): above 2.2.3.344 come the built-in parameters of several hosts.
 * What else the gates would allow and this agent cannot do yet (schedules, containers, files, sessions) it refuses with
 * a report of its own, never silently.
 */
export const AGENT_VERSION = '2.2.3.600'
