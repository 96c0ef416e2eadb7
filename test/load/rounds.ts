// Rounds of one server after the other, told so that a failure explains itself.
import { existsSync, readFileSync } from 'node:fs'
import type { Chance } from './random.js'

/** Says what is being done, for the case that it fails. */
export type Phase = (name: string) => void

export interface Rounds {
  readonly rounds: number
  readonly chance: Chance
  readonly logFile: string
}

/** No more sentences than a person reads. */
const MOST_SENTENCES = 20
/** Of the server's log, from its end. */
const LOG_CHARACTERS = 4_000

/**
 * Runs rounds 0 to `rounds`, the last one without a kill, up to the first in which something is wrong.
 * @param round with the number of kills before it; returns what is wrong
 * @returns each sentence with the seed and the kill after which it was found, and the end of the server's log
 */
export const runRounds = async (
  { rounds, chance, logFile }: Rounds,
  round: (kills: number, phase: Phase) => Promise<readonly string[]>,
): Promise<readonly string[]> => {
  for (let kills = 0; kills <= rounds; kills += 1) {
    const at = `seed ${chance.seed}, after kill ${kills} of ${rounds}`
    let doing = ''
    const phase: Phase = (name) => (doing = name)
    const found = await round(kills, phase).catch((cause: unknown) => [
      `${doing}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
    ])
    if (found.length === 0) continue
    const told = found.slice(0, MOST_SENTENCES).map((sentence) => `${at}: ${sentence}`)
    if (found.length > told.length) told.push(`${at}: and ${found.length - told.length} more`)
    return [...told, `${at}: the server's log ends with:\n${endOf(logFile)}`]
  }
  return []
}

const endOf = (logFile: string): string =>
  existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-LOG_CHARACTERS) : 'nothing'
