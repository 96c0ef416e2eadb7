// Load in rounds: ours and the floor take turns, so that both meet the same machine.
import type { Measured } from '../measure/process.js'
import { median, medianRatio } from '../measure/statistics.js'
import type { Wire } from './wire.js'

export interface Round {
  /** Answers per second. */
  readonly rate: number
  /** Microseconds of the server's CPU per answer. */
  readonly cpu: number
  /** Share of the time in which the server's event loop was busy. */
  readonly busy: number
  readonly bytes: number
}

/** What load is sent to. */
export interface Side {
  readonly process: Measured<unknown>
  readonly wires: readonly Wire[]
  /** Signs so many requests beforehand; the load generator then only sends them. */
  readonly prepare: (count: number) => readonly string[] | Promise<readonly string[]>
  /** What is wrong with an answer, if anything. */
  readonly check?: (body: Buffer) => string | undefined
}

const nothing = (): undefined => undefined

/** Sends prepared requests over all connections, one at a time on each, for so long. */
export const load = async (side: Side, requests: readonly string[], milliseconds: number): Promise<Round> => {
  const { wires, check = nothing } = side
  let next = 0
  let answered = 0
  let bytes = 0
  const before = await side.process.usage()
  const begun = performance.now()
  const end = begun + milliseconds
  const drive = async (wire: Wire): Promise<void> => {
    while (performance.now() < end) {
      const request = requests[next++]
      if (request === undefined) return
      const { status, body } = await wire.request(request)
      const wrong = status === 200 ? check(body) : `status ${status}`
      if (wrong !== undefined) throw new Error(`${wrong}: ${body.toString('utf8').slice(0, 500)}`)
      answered += 1
      bytes = body.length
    }
  }
  await Promise.all(wires.map(drive))
  const elapsed = performance.now() - begun
  const after = await side.process.usage()
  return {
    rate: (answered * 1_000) / elapsed,
    cpu: (after.cpu - before.cpu) / answered,
    busy: (after.busy - before.busy) / elapsed,
    bytes,
  }
}

export interface Compared {
  readonly ours: Round
  readonly floor: Round
  /** Ours in answers per second against the floor's. */
  readonly rateRatio: number
  /** The floor's CPU per answer against ours. */
  readonly cpuRatio: number
}

/** @param most answers per second that nothing here exceeds: so many requests are prepared for a round */
export const compare = async (
  ours: Side,
  floor: Side,
  { rounds, milliseconds, most }: { readonly rounds: number; readonly milliseconds: number; readonly most: number },
): Promise<Compared> => {
  const told: Record<'ours' | 'floor', Round[]> = { ours: [], floor: [] }
  const count = Math.ceil((most * milliseconds) / 1_000)
  for (let number = -1; number < rounds; number++) {
    // The side that goes first changes, too. Number -1 warms up.
    const order = number % 2 === 0 ? (['floor', 'ours'] as const) : (['ours', 'floor'] as const)
    for (const name of order) {
      const side = name === 'ours' ? ours : floor
      const round = await load(side, await side.prepare(count), milliseconds)
      if (number >= 0) told[name].push(round)
    }
  }
  return {
    ours: middle(told.ours),
    floor: middle(told.floor),
    rateRatio: medianRatio(
      told.ours.map(({ rate }) => rate),
      told.floor.map(({ rate }) => rate),
    ),
    cpuRatio: medianRatio(
      told.floor.map(({ cpu }) => cpu),
      told.ours.map(({ cpu }) => cpu),
    ),
  }
}

const middle = (rounds: readonly Round[]): Round => ({
  rate: median(rounds.map(({ rate }) => rate)),
  cpu: median(rounds.map(({ cpu }) => cpu)),
  busy: median(rounds.map(({ busy }) => busy)),
  bytes: median(rounds.map(({ bytes }) => bytes)),
})

export const roundText = ({ rate, cpu, busy, bytes }: Round): string =>
  `${rate.toFixed(0)}/s, ${cpu.toFixed(0)} µs CPU each, event loop ${(busy * 100).toFixed(0)} % busy, ${bytes.toFixed(0)} bytes each`
