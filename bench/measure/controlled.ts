// The side of a measured process: it answers the questions of the bench that started it.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** What a process has used since it started. */
export interface Usage {
  /** Microseconds of CPU, of all threads. */
  readonly cpu: number
  /** Milliseconds in which the event loop was busy. */
  readonly busy: number
}

type Answerer = (given: unknown) => unknown

interface Question {
  readonly id: number
  readonly ask: string
  readonly given: unknown
}

/**
 * Answers questions over the channel of `fork`, and ends when the asker is gone. Event-loop blocks are measured in this
 * process by `monitorEventLoopDelay` with a resolution of 1 ms: the longest time between two ticks of its timer.
 */
export const obey = (answerers: Readonly<Record<string, Answerer>> = {}): void => {
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined
  const all: Readonly<Record<string, Answerer>> = {
    usage: (): Usage => {
      const { user, system } = process.cpuUsage()
      return { cpu: user + system, busy: performance.eventLoopUtilization().active }
    },
    watchLoop: () => {
      delay?.disable()
      delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
    },
    longestBlock: () => (delay === undefined ? 0 : delay.max / 1e6),
    memory: async () => {
      for (let times = 0; times < 3; times++) {
        globalThis.gc?.()
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return process.memoryUsage().rss
    },
    end: () => setImmediate(() => process.exit(0)) && undefined,
    ...answerers,
  }
  process.on('disconnect', () => process.exit(0))
  process.on('message', ({ id, ask, given }: Question) => {
    const answer = async (): Promise<unknown> => {
      const answerer = all[ask]
      if (answerer === undefined) throw new Error(`This process knows no ${ask}.`)
      return answerer(given)
    }
    answer().then(
      (value) => process.send?.({ id, value }),
      (cause: unknown) => process.send?.({ id, error: String(cause instanceof Error ? cause.stack : cause) }),
    )
  })
}

/** Tells the bench that this process serves. */
export const tellReady = (what: unknown): void => {
  process.send?.({ ready: what })
}
