// Agents as the vendor's holds its connections: one notify socket, and one kept-alive HTTPS connection for everything
// else.
import { heartBeat, notifyHandshake } from './agent-requests.js'
import { NotifySocket } from './notify-socket.js'
import { dial, type Target, Wire } from './wire.js'

export interface FleetAgent {
  readonly number: number
  readonly wire: Wire
  readonly notify: NotifySocket
  /** Signed header lines that are left, the oldest first. */
  readonly headers: string[]
}

/** Connects one agent: its heartbeat over HTTPS first, then its notify socket. Uses two signed headers. */
export const connectAgent = async (target: Target, number: number, headers: string[]): Promise<FleetAgent> => {
  const wire = await Wire.open(target, number)
  const { status } = await wire.request(heartBeat(headers.shift() ?? '', 0))
  if (status !== 200) throw new Error(`the heartbeat of agent ${number} was answered ${status}`)
  const notify = await dialNotify(target, number, headers.shift() ?? '')
  return { number, wire, notify, headers }
}

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

/** Connects the hosts from `from` on. */
export const connectFleet = (
  target: Target,
  count: number,
  headers: readonly string[][],
  from = 0,
): Promise<FleetAgent[]> => forEach(count, 32, (number) => connectAgent(target, from + number, headers[number] ?? []))

export const disconnectFleet = (agents: readonly FleetAgent[]): void => {
  for (const { wire, notify } of agents) {
    wire.close()
    notify.socket.destroy()
  }
}
