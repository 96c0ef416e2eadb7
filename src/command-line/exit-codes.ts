/** What the program tells a shell. Documented in docs/command-line.md and in `--help`. */
export const EXIT = {
  ok: 0,
  /** Something failed: a host's command, a call that the server refused. */
  failure: 1,
  /** The command line itself is wrong; nothing was done. */
  usage: 2,
  /** `run`: no host could be reached, or none finished in time. */
  noHost: 3,
  /** The server cannot be reached or is not one. */
  noServer: 4,
  /** Stopped by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
} as const

export interface ExitCode {
  readonly code: number
  readonly about: string
}
