declare const runAsUser: unique symbol

/** Name of the user that a script runs as, safe to be handed to an agent. */
export type RunAsUser = string & { readonly [runAsUser]: true }

// Upstream: the vendor's agent puts the name unquoted into a root shell (agent-protocol.md §6.3, trap 4), so a name is made
// of letters and digits of any script and of `._-@` inside; a Windows name may have a domain before a backslash, which a
// POSIX shell would take for an escape, and a `$` of a machine account never travels.
const POSIX = /^[A-Za-z0-9_][A-Za-z0-9._@-]{0,254}$/
const WINDOWS = /^(?:[\p{L}\p{N}_][\p{L}\p{N}._-]{0,63}\\)?[\p{L}\p{N}_][\p{L}\p{N}._@-]{0,189}$/u

/** @returns undefined when the name must not reach an agent on such a system */
export const toRunAsUser = (name: string, os: 'posix' | 'windows'): RunAsUser | undefined =>
  (os === 'windows' ? WINDOWS : POSIX).test(name) ? (name as RunAsUser) : undefined
