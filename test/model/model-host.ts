// A host with an honest agent, as small as can be: what it has on its disk and in its memory, what runs, what it has yet
// to tell. It knows nothing of the server's states.
import type { HandOut, Report } from '../../src/server/domain/invocations/agent-tasks.js'
import type { Chance } from '../load/random.js'
import { type End, isSchedule, type Mode, type RunFacts, type TaskFacts, tokenOf, type Version } from './facts.js'
import type { FileMail } from './files.js'

/** A report that was made and did not arrive yet. */
export interface Mail {
  readonly task: TaskFacts
  readonly run: RunFacts | undefined
  readonly what: 'start' | 'piece' | 'end' | 'exists' | 'unknown' | 'completed' | 'refused' | 'unnamed'
  /** @param correction what the server adds to this host's times */
  report(correction: number): Report
}

interface Work {
  readonly task: TaskFacts
  readonly run: RunFacts
  /** Undefined: it hangs, and is never heard of again. */
  readonly end: End | undefined
  readonly endsAt: number
  pieces: number
}

interface Schedule {
  readonly task: TaskFacts
  /** As the host was handed it, from 1. */
  readonly version: number
  /** Its latest run in this process. */
  last: RunFacts | undefined
  /** Undefined: there is none any more. */
  next: number | undefined
}

/** One process of the agent. */
export interface Process {
  readonly number: number
  readonly pid: number
  readonly startedAt: number
  /** It came with a start of the host. */
  readonly isCold: boolean
  /** It was heard, it fetched: what it says the first time it says only once. */
  beaten: boolean
  fetched: boolean
  tries: number
  triedAt: number
  isAsking: boolean
  /** Clocks were set meanwhile: where both were, nobody can tell it from another one. */
  isClockSet: boolean
  isServersSet: boolean
}

const newProcess = (number: number, startedAt: number, isCold: boolean): Process => ({
  number,
  pid: 99 + number,
  startedAt,
  isCold,
  beaten: false,
  fetched: false,
  tries: 0,
  triedAt: 0,
  isAsking: false,
  isClockSet: false,
  isServersSet: false,
})

/** The vendor's agent forgets with its process what it could not tell; ours keeps ends on its disk. */
export type AgentKind = 'vendor' | 'ours'

export class ModelHost {
  readonly name: string
  readonly id: string
  readonly agent: AgentKind
  /** A host whose agent says anything: only the server's own numbers must be right about it. */
  readonly lies: boolean
  /** The host's clock minus true time. */
  skew = 0
  /** Nothing that it sends arrives. */
  away = false
  /** It deregistered. */
  gone = false
  process: Process
  /** True time of what the server last accepted of it. */
  heardAt = Number.NEGATIVE_INFINITY
  readonly mail: Mail[] = []
  readonly fileMail: FileMail[] = []
  readonly story: string[] = []
  #stamp = 0
  #doubtUntil = Number.NEGATIVE_INFINITY
  /** Ids of scripts on its disk. */
  readonly #scripts = new Set<string>()
  readonly #works = new Map<string, Work>()
  readonly #schedules = new Map<string, Schedule>()

  constructor(name: string, id: string, agent: AgentKind, lies: boolean, now: number) {
    this.name = name
    this.id = id
    this.agent = agent
    this.lies = lies
    this.process = { ...newProcess(1, now - 1_000, false), beaten: true, fetched: true }
  }

  clock(now: number): number {
    return now + this.skew
  }

  /** What it signs a request with: no two in one millisecond. */
  stamp(now: number): number {
    const time = this.clock(now)
    const isTaken = time <= this.#stamp && this.#stamp - time < 1_000
    this.#stamp = isTaken ? this.#stamp + 1 : time
    return this.#stamp
  }

  /** Its clock is set: nobody can compute any more when runs began that were not told yet. */
  setClock(by: number, now: number): void {
    this.skew += by
    // The next run is nearer to the one before, or further, than it should be.
    this.#doubtUntil = Math.max(this.#doubtUntil, now + 90_000 - Math.min(by, 0))
    this.process.isClockSet = true
    for (const schedule of this.#schedules.values()) schedule.next = nextTime(schedule, this.clock(now))
    this.#markRuns()
  }

  /** Behind a server's clock that was set back, runs seem nearer to those before than they are, for as long. */
  serverClockSet(by: number, now: number): void {
    this.process.isServersSet = true
    if (by < 0) this.#doubtUntil = Math.max(this.#doubtUntil, now - by + 90_000)
    this.#markRuns()
  }

  #markRuns(): void {
    for (const { task } of [...this.#works.values(), ...this.#schedules.values(), ...this.mail])
      for (const run of task.runs) if (!run.endTold) run.clockSet = true
    for (const { run } of this.mail) if (run !== undefined) run.clockSet = true
  }

  /** A new process of the agent, or a start of the host: what was in memory is gone, and what ran with it. */
  restart(now: number, isCold: boolean): void {
    this.process = newProcess(this.process.number + 1, now, isCold)
    this.#works.clear()
    this.#schedules.clear()
    const kept = this.agent === 'ours' ? this.mail.filter(({ what, run }) => what === 'end' && run !== undefined) : []
    this.mail.splice(0, this.mail.length, ...kept)
    if (this.agent !== 'ours') this.fileMail.splice(0)
  }

  /** An answer of the server arrived. */
  take(answer: HandOut, find: (taskId: string) => TaskFacts | undefined, now: number, chance: Chance): void {
    for (const { taskId, version } of answer.run) {
      const task = find(taskId)
      if (task !== undefined) this.#begin(task, version, now, chance)
    }
    for (const { taskId } of answer.stop) {
      const task = find(taskId)
      if (task !== undefined) this.#stop(task, now)
    }
    for (const { taskId } of answer.test) {
      const task = find(taskId)
      if (task !== undefined) this.#check(task, now, chance)
    }
  }

  /** What its scripts and its timers do meanwhile. */
  work(now: number, chance: Chance): void {
    for (const [taskId, schedule] of this.#schedules) {
      const { task } = schedule
      const due = schedule.next === undefined ? undefined : dueTime(schedule, schedule.next, this.clock(now))
      if (due !== undefined) {
        schedule.next = nextTime(schedule, this.clock(now))
        // An occurrence is skipped while the one before it runs.
        if (!this.#works.has(taskId)) {
          if (chance.chance(0.06)) this.#fail(task)
          // No two runs have one name.
          else schedule.last = this.#run(task, due + task.runs.length, now, chance)
        }
      }
      if (schedule.next === undefined && !this.#works.has(taskId)) {
        this.#schedules.delete(taskId)
        if (task.invocation.mode === 'Cron')
          this.#tell(task, undefined, 'completed', stoppedReport(task, 0, 'completed'))
      }
    }
    for (const [taskId, work] of this.#works) {
      if (now >= work.endsAt) {
        this.#works.delete(taskId)
        if (work.end !== undefined) this.#end(work.task, work.run, work.end, now)
      } else if (work.pieces < 3 && !isSchedule(work.task.invocation.mode) && chance.chance(0.2)) {
        work.pieces += 1
        this.#tell(work.task, work.run, 'piece', runningReport(work.task, work.run, tokenOf(work.task, work.run)))
      }
    }
  }

  #begin(task: TaskFacts, version: number, now: number, chance: Chance): void {
    const { id, mode } = task.invocation
    const known = this.#schedules.get(id)
    if (known === undefined ? this.#works.has(id) : known.version >= version) return
    if (isSchedule(mode)) {
      const next = nextTime({ task, version }, this.clock(now))
      this.#schedules.delete(id)
      // Upstream: a time that is over is dropped without a word, a cron schedule that is over is refused.
      if (next !== undefined) this.#schedules.set(id, { task, version, last: known?.last, next })
      else if (mode === 'Cron')
        this.#tell(task, undefined, 'refused', () => ({
          kind: 'invalid',
          taskId: id,
          param: 'cron',
          value: 'CronExpressionExpired',
        }))
      return
    }
    if (mode !== 'EveryReboot') {
      if (this.#scripts.has(id)) {
        const report = endedReport(task, 0, 0, '')
        this.#tell(task, undefined, 'exists', () => ({
          ...report(0),
          kind: 'error',
          exitCode: 1,
          errCode: '-9',
          errDesc: '',
        }))
        return
      }
      this.#scripts.add(id)
    }
    this.#run(task, this.clock(now), now, chance)
  }

  /** @param raw when it begins, by the host's clock */
  #run(task: TaskFacts, raw: number, now: number, chance: Chance): RunFacts {
    const { id, timeoutMs, mode } = task.invocation
    const run = newRun(task, raw)
    run.clockSet = now < this.#doubtUntil
    task.runs.push(run)
    const fate = chance.between(0, 99)
    const lasts = chance.pick([0, 1_000, 5_000, chance.between(0, timeoutMs - 1)])
    if (fate < 8 && mode === 'Once') {
      // A user or a folder that is not there: found before it starts.
      this.#end(task, run, { kind: 'invalid' }, now)
      return run
    }
    this.#tell(task, run, 'start', runningReport(task, run, chance.chance(0.5) ? tokenOf(task, run) : ''))
    const end: End | undefined =
      fate < 60
        ? { kind: 'finish', exitCode: 0 }
        : fate < 78
          ? { kind: 'finish', exitCode: chance.between(1, 255) }
          : fate < 88
            ? { kind: 'timeout' }
            : fate < 95
              ? { kind: 'error' }
              : undefined
    const endsAt = now + (end?.kind === 'timeout' ? timeoutMs : end === undefined ? timeoutMs + 30_000 : lasts)
    this.#works.set(id, { task, run, end, endsAt, pieces: 0 })
    return run
  }

  #fail(task: TaskFacts): void {
    const { id } = task.invocation
    this.#tell(task, undefined, 'unnamed', () => ({
      kind: 'invalid',
      taskId: id,
      param: 'workingDirectory',
      value: 'WorkingDirectoryNotExist',
    }))
  }

  #stop(task: TaskFacts, now: number): void {
    const { id } = task.invocation
    const work = this.#works.get(id)
    const schedule = this.#schedules.get(id)
    this.#works.delete(id)
    this.#schedules.delete(id)
    if (work !== undefined) this.#end(task, work.run, { kind: 'stopped' }, now)
    else this.#tell(task, undefined, 'unknown', stoppedReport(task, schedule?.last?.raw ?? 0, 'killed'))
  }

  #check(task: TaskFacts, now: number, chance: Chance): void {
    const run = newRun(task, this.clock(now))
    // Handed out twice, it is checked twice: with the same result.
    const end: End = task.runs[0]?.end ?? { kind: chance.chance(0.7) ? 'verified' : 'invalid' }
    task.runs.push(run)
    this.#end(task, run, end, now)
  }

  #end(task: TaskFacts, run: RunFacts, end: End, now: number): void {
    run.end = end
    const { id } = task.invocation
    const report = endedReport(task, run.raw, this.clock(now), tokenOf(task, run))
    this.#tell(task, run, 'end', (correction): Report => {
      const said = report(correction)
      switch (end.kind) {
        case 'finish':
          return { ...said, kind: 'finish', exitCode: end.exitCode }
        case 'timeout':
          return { ...said, kind: 'timeout' }
        case 'stopped':
          return { ...said, kind: 'stopped', result: 'killed' }
        case 'error':
          return { ...said, kind: 'error', exitCode: 1, errCode: '28', errDesc: 'SaveScriptFailed' }
        case 'invalid':
          return { kind: 'invalid', taskId: id, param: 'workingDirectory', value: 'WorkingDirectoryNotExist' }
        case 'verified':
          return { kind: 'verified', taskId: id }
      }
    })
  }

  #tell(task: TaskFacts, run: RunFacts | undefined, what: Mail['what'], report: Mail['report']): void {
    this.mail.push({ task, run, what, report })
  }
}

const newRun = (task: TaskFacts, raw: number): RunFacts => ({
  number: task.runs.length + 1,
  raw,
  startToldAt: undefined,
  end: undefined,
  endTold: false,
  clockSet: false,
})

/** The latest time that it should have begun by now; an agent does not sleep, this one is only looked at now and then. */
const dueTime = (schedule: OfVersion, next: number, clock: number): number | undefined => {
  if (clock < next) return undefined
  const { intervalMs, times } = versionOf(schedule)
  if (modeOf(schedule) !== 'Rate') return times.findLast((time) => time <= clock)
  return next + Math.floor((clock - next) / intervalMs) * intervalMs
}

const nextTime = (schedule: OfVersion, clock: number): number | undefined => {
  const { intervalMs, times } = versionOf(schedule)
  const { submittedAt } = schedule.task.invocation
  if (modeOf(schedule) !== 'Rate') return times.find((time) => time > clock)
  // Counted from its creation, the first one an interval later.
  return submittedAt + Math.max(1, Math.floor((clock - submittedAt) / intervalMs) + 1) * intervalMs
}

type OfVersion = Pick<Schedule, 'task' | 'version'>

const modeOf = ({ task }: OfVersion): Mode => task.invocation.mode

const versionOf = ({ task, version }: OfVersion): Version => {
  const found = task.invocation.versions[version - 1]
  if (found === undefined) throw new Error(`#${task.invocation.number} has no version ${version}`)
  return found
}

const shifted = (raw: number, correction: number): number => (raw === 0 ? 0 : raw + correction)

const endedReport =
  ({ invocation: { id } }: TaskFacts, raw: number, endedAt: number, output: string) =>
  (correction: number) => ({
    taskId: id,
    run: raw,
    startedAt: shifted(raw, correction),
    endedAt: shifted(endedAt, correction),
    dropped: 0,
    output: Buffer.from(output),
  })

const runningReport =
  ({ invocation: { id } }: TaskFacts, run: RunFacts, output: string): Mail['report'] =>
  (correction) => ({
    kind: 'running',
    taskId: id,
    run: run.raw,
    startedAt: run.raw + correction,
    output: Buffer.from(output),
  })

const stoppedReport =
  (task: TaskFacts, raw: number, result: string): Mail['report'] =>
  (correction) => ({ ...endedReport(task, raw, 0, '')(correction), kind: 'stopped', result })
