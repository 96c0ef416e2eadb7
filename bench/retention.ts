// Retention of a million tasks: how long a step may hold the event loop. Measured in a process of its own, beside one that
// is idle, which tells how much of it is the machine's.
import { drop, scratch } from './data/directory.js'
import { Measured } from './measure/process.js'
import { isQuick, note, tell } from './measure/verdict.js'

interface Swept {
  readonly removed: number
  readonly longestBlock: number
  readonly usual: number
  readonly milliseconds: number
  readonly busy: number
}

const tasks = isQuick() ? 50_000 : 1_000_000
const directory = scratch()
const process_ = new Measured('server/retention-process.js', { args: [directory, String(tasks)] })
const idle = new Measured('floor/idle-floor.js')
await Promise.all([process_.ready, idle.ready])
await idle.ask('watchLoop')
const swept = await process_.ask<Swept>('sweep')
const machine = await idle.ask<number>('longestBlock')
if (swept.removed !== tasks) throw new Error(`${swept.removed} of ${tasks} tasks were removed`)
note(`${(swept.milliseconds / 1_000).toFixed(1)} s in all, ${(100 * swept.busy).toFixed(0)} % of one core`)
tell({
  what: `retention of ${tasks.toLocaleString('en')} tasks with their outputs: longest block of the event loop`,
  value: swept.longestBlock,
  unit: 'ms',
  must: 50,
  aim: 20,
  direction: 'atMost',
  ours: `${(swept.milliseconds / 1_000).toFixed(1)} s in all, ${(100 * swept.busy).toFixed(0)} % of one core; 99 of 100 blocks ≤ ${swept.usual.toFixed(1)} ms`,
  floor: `an idle process beside it: ${machine.toFixed(1)} ms`,
})
await Promise.all([process_.end(), idle.end()])
drop(directory)
process.exit(0)
