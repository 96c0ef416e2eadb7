// Notify sockets of the load generator's own, for the bench of connects; whole agents are `simulated-fleet.ts`.
import { notifyHandshake } from './agent-requests.js'
import { NotifySocket } from './notify-socket.js'
import { dial, type Target } from './wire.js'

export const dialNotify = async (target: Target, number: number, headers: string): Promise<NotifySocket> => {
  const notify = new NotifySocket(await dial(target, number))
  await notify.open(notifyHandshake(headers))
  notify.ping()
  return notify
}

/** Runs a step for every number below `count`, so many at a time. */
export const forEach = async <T>(
  count: number,
  concurrency: number,
  step: (number: number) => Promise<T>,
): Promise<T[]> => {
  const results: T[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      const number = next++
      results[number] = await step(number)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, work))
  return results
}
