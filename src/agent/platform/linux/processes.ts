import { readdirSync, readFileSync } from 'node:fs'
import { TREE_TOKEN } from '../platform.js'

// What /proc tells about processes. Reads are synchronous on purpose: between looking and killing nothing else of the
// agent shall run.

export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Clock ticks between the start of the machine and of the process. */
  readonly startTicks: number
  readonly zombie: boolean
}

/** Parses `/proc/<pid>/stat`. The program's name, in brackets, may hold anything, brackets too. */
export const parseStat = (text: string): ProcessEntry | undefined => {
  const open = text.indexOf(' (')
  const close = text.lastIndexOf(') ')
  if (open === -1 || close === -1) return undefined
  const pid = Number(text.slice(0, open))
  const fields = text.slice(close + 2).split(' ')
  const [state = '', ...rest] = fields
  const [parent, group, session] = rest.slice(0, 3).map(Number)
  const startTicks = Number(fields[19])
  if (parent === undefined || group === undefined || session === undefined || !Number.isInteger(startTicks)) {
    return undefined
  }
  return { pid, parent, group, session, startTicks, zombie: state === 'Z' || state === 'X' }
}

export const readProcess = (pid: number): ProcessEntry | undefined => {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return undefined
  }
}

const listProcesses = (): ProcessEntry[] => {
  const entries: ProcessEntry[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^[1-9]\d*$/.test(name)) continue
    const entry = readProcess(Number(name))
    if (entry !== undefined) entries.push(entry)
  }
  return entries
}

const carriesToken = (pid: number, token: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${TREE_TOKEN}=${token}`)
  } catch {
    return false
  }
}

/** All living processes of a task's tree, this process never among them. */
export const findTree = (leader: number | undefined, token: string, known: ReadonlySet<number>): number[] => {
  const entries = listProcesses()
  const children = new Map<number, ProcessEntry[]>()
  for (const entry of entries) {
    const siblings = children.get(entry.parent)
    if (siblings === undefined) children.set(entry.parent, [entry])
    else siblings.push(entry)
  }
  const found = new Set<number>()
  const visit = (pid: number): void => {
    if (found.has(pid) || pid === process.pid || pid <= 1) return
    found.add(pid)
    for (const child of children.get(pid) ?? []) visit(child.pid)
  }
  for (const entry of entries) {
    const belongs =
      known.has(entry.pid) ||
      (leader !== undefined && (entry.group === leader || entry.session === leader)) ||
      (token !== '' && carriesToken(entry.pid, token))
    if (belongs) visit(entry.pid)
  }
  const dead = new Set(entries.filter((entry) => entry.zombie).map((entry) => entry.pid))
  return [...found].filter((pid) => !dead.has(pid))
}

/** Enough for trees that grow while they are killed; each pass sees what the one before missed. */
const PASSES = 20

/**
 * Kills until a look finds nobody. A tree that forks faster than it is killed is frozen first: what is stopped cannot
 * fork.
 */
export const killTree = async (leader: number | undefined, token: string): Promise<number> => {
  const killed = new Set<number>()
  for (let pass = 0; pass < PASSES; pass++) {
    const tree = findTree(leader, token, new Set())
    if (tree.length === 0) break
    for (const pid of tree) signal(pid, 'SIGSTOP')
    for (const pid of findTree(leader, token, new Set(tree))) {
      if (signal(pid, 'SIGKILL')) killed.add(pid)
    }
    await new Promise((resolve) => setTimeout(resolve, pass === 0 ? 5 : 25))
  }
  return killed.size
}

const signal = (pid: number, name: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
