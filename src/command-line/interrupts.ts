/**
 * Calls the listener on Ctrl-C (SIGINT), SIGTERM and SIGHUP instead of ending the process, until disposed of. Listeners
 * must end the process's work themselves.
 */
export const onInterrupt = (listener: (signal: NodeJS.Signals) => void): Disposable => {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, listener)
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, listener)
    },
  }
}
