// How many agents a bench can have here. Node raises its own soft limit of open files to the hard one when it starts, so
// the hard one counts.
import { readFileSync } from 'node:fs'
import { note } from './verdict.js'

/** Files that a process needs besides its connections. */
const OTHERS = 500

const limitOfOpenFiles = (): number => {
  try {
    const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** So many agents, or as many as the limit of open files allows with two connections each; says so when it is fewer. */
export const agentsHere = (wanted: number): number => {
  const most = Math.floor((limitOfOpenFiles() - OTHERS) / 2)
  if (most >= wanted) return wanted
  note(`the limit of open files allows ${most} agents, not ${wanted}: raise it (ulimit -Hn)`)
  return most
}
