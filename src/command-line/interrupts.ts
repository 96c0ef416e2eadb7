const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Calls the listener on Ctrl-C (SIGINT), SIGTERM and SIGHUP, or on the signals named, instead of ending the process,
 * until disposed of. The listener must see to it that the work ends.
 */
export const onInterrupt = (
  listener: (signal: NodeJS.Signals) => void,
  signals: readonly NodeJS.Signals[] = ENDING,
): Disposable => {
  for (const signal of signals) process.on(signal, listener)
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, listener)
    },
  }
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export const untilInterrupted = (): Promise<void> & Disposable => {
  let count = 0
  let resolveFirst = (): void => undefined
  const first = new Promise<void>((resolve) => {
    resolveFirst = resolve
  })
  const listening = onInterrupt(
    (signal) => {
      count += 1
      if (count > 1) process.exit(signal === 'SIGINT' ? 130 : 143)
      resolveFirst()
    },
    ['SIGINT', 'SIGTERM'],
  )
  return Object.assign(first, { [Symbol.dispose]: () => listening[Symbol.dispose]() })
}
