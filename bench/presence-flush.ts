// Budget: a flush of a million changed presence rows may block the event loop only so long. Measured in a process of its
// own; what the loop of an idle process shows at the same time tells how much of it is the machine's.
import { Measured } from './measure/process.js'
import { isQuick, note, tell } from './measure/verdict.js'
import { drop, scratch } from './data/directory.js'

interface Flushed {
  readonly longestBlock: number
  readonly milliseconds: number
}

const rows = isQuick() ? 100_000 : 1_000_000
const ROUNDS = isQuick() ? 2 : 5
const directory = scratch()
const process_ = new Measured('server/presence-process.js', { args: [directory, String(rows)] })
const idle = new Measured('floor/idle-floor.js')
await Promise.all([process_.ready, idle.ready])
await idle.ask('watchLoop')
const first = await process_.ask<Flushed>('flush')
note(
  `first flush, ${rows.toLocaleString('en')} inserts: ${first.longestBlock.toFixed(1)} ms longest block, ${(first.milliseconds / 1_000).toFixed(1)} s in all`,
)
const again: Flushed[] = []
for (let round = 0; round < ROUNDS; round++) again.push(await process_.ask<Flushed>('flush'))
const machine = await idle.ask<number>('longestBlock')
const worst = Math.max(first.longestBlock, ...again.map(({ longestBlock }) => longestBlock))
tell({
  what: `flush of ${rows.toLocaleString('en')} presence rows: longest block of the event loop`,
  value: worst,
  unit: 'ms',
  must: 50,
  aim: 20,
  direction: 'atMost',
  ours: `worst of ${ROUNDS + 1} flushes; each ${again.map(({ milliseconds }) => (milliseconds / 1_000).toFixed(1)).join(', ')} s; blocks ${again.map(({ longestBlock }) => longestBlock.toFixed(1)).join(', ')} ms`,
  floor: `an idle process beside it: ${machine.toFixed(1)} ms`,
})
await Promise.all([process_.end(), idle.end()])
drop(directory)
process.exit(0)
