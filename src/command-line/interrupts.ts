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

/** `signalled` resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export const untilInterrupted = (): Disposable & { readonly signalled: Promise<void> } => {
  let isFirst = true
  let resolve = (): void => undefined
  const signalled = new Promise<void>((settle) => {
    resolve = settle
  })
  const listening = onInterrupt(
    (signal) => {
      if (!isFirst) process.exit(signal === 'SIGINT' ? 130 : 143)
      isFirst = false
      resolve()
    },
    ['SIGINT', 'SIGTERM'],
  )
  return { signalled, [Symbol.dispose]: () => listening[Symbol.dispose]() }
}
