/** Why a task may end before its script does. */
export interface Cancellation {
  /** The server wants it stopped. */
  readonly stop: AbortSignal
  /** The agent itself stops. */
  readonly shutdown: AbortSignal
  /** Either of them. */
  readonly any: AbortSignal
}

export interface CancellationSource extends Cancellation {
  cancel(cause: 'stop' | 'shutdown'): void
}

export const createCancellation = (): CancellationSource => {
  const stop = new AbortController()
  const shutdown = new AbortController()
  const any = new AbortController()
  return {
    stop: stop.signal,
    shutdown: shutdown.signal,
    any: any.signal,
    cancel(cause) {
      const chosen = cause === 'stop' ? stop : shutdown
      chosen.abort()
      any.abort()
    },
  }
}
