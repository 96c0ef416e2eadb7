import type { Clock } from '../clock.js'
import { handedTo } from '../fleet/agent-process.js'
import type { OsType } from '../fleet/instances.js'
import type { PresenceTable } from '../fleet/presence.js'
import { mayBeLost } from '../invocations/hand-out.js'
import { saysWhatItCan } from '../invocations/run-options.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import type { AgentFiles, FileReport, HandedOutFile } from './agent-files.js'
import { type FileError, FILE_EXISTS, fileFailure, fileRefusal, UNKNOWN_TEXTS } from './file-errors.js'
import { type FileEvent, isFinalFileState, isHeldFile, moveFile } from './file-states.js'
import type { FileTaskRow, SentFile } from './file-store.js'

/** Files in one answer: with the largest content 440 KB, which an agent must have got within 8 s. */
export const FILES_PER_FETCH = 10
/** Unfinished files of one host that one fetch looks at. */
const MOST_LOOKED_AT = 200

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly presence: PresenceTable
  readonly wake: (instanceIds: readonly string[]) => void
}

/**
 * What agents do with files: fetch them, report on them. The agent writes within its fetch and reports each file once,
 * without another try. A file is handed out again only to a fetch that comes 2–45 s after the first, while no report
 * came: then the first answer may have been lost (design §5).
 */
export const serveFiles = ({ stores, clock, presence, wake }: Parts): AgentFiles => {
  /** Hosts with files that did not fit into their last answer. */
  const waiting = new Set<string>()

  const toHand = (rows: readonly FileTaskRow[], now: number): readonly FileTaskRow[] => {
    const again = rows.filter((file) => file.state === 'Running' && mayBeLost(file.handedOutAt, now))
    const inHand = rows.filter((file) => file.state === 'Running').length
    const free = Math.max(0, FILES_PER_FETCH - inHand)
    return [...again.slice(0, FILES_PER_FETCH), ...rows.filter((file) => file.state === 'Pending').slice(0, free)]
  }

  return {
    async fetch(instanceId, isFirst = false, supports) {
      // Nearly every fetch finds no file: that costs a read, not a turn of the writer.
      if ((await stores.read.files.unfinishedOf(instanceId, 1)).length === 0) return []
      return stores.write(async (w) => {
        const now = clock.now()
        const rows = await w.files.unfinishedOf(instanceId, MOST_LOOKED_AT)
        const chosen = toHand(rows, now)
        const handed: HandedOutFile[] = []
        const vendorsOs = saysWhatItCan(supports) ? undefined : await osOf(w, instanceId, chosen)
        for (const file of chosen) {
          const state = moveFile(file.state, false, 'handed-out')
          const sent = await w.files.sent(file.invokeId)
          if (state === undefined || sent === undefined) continue
          const refused = file.state === 'Pending' ? whyNotForVendors(vendorsOs, sent) : undefined
          if (refused !== undefined) {
            await w.files.save(file, { ...file, ...endedBy(refused, file, now) }, now)
            continue
          }
          const first = {
            handedOutAt: now,
            deadlineAt: now + sent.timeoutSeconds * 1_000,
            agentProcess: handedTo(presence.agentProcess(instanceId), isFirst),
          }
          const after = { ...file, state, handOuts: file.handOuts + 1, ...(file.state === 'Pending' ? first : {}) }
          await w.files.save(file, after, now)
          handed.push(vendorsOs === 'Linux' ? forVendors(handedOut(sent)) : handedOut(sent))
        }
        if (rows.some((file) => file.state === 'Pending' && !chosen.includes(file))) waiting.add(instanceId)
        return handed
      })
    },

    async report(instanceId, report) {
      const ended = await stores.write(async (w) => {
        const file = await w.files.find(report.taskId, instanceId)
        const scope = await w.files.scopeOf(report.taskId)
        // What its host was never given, it cannot have written.
        if (file === undefined || scope === undefined || isHeldFile(file.state)) return false
        const outcome = outcomeOf(report, file)
        // "Nobody knows" never stands over anything that was said before.
        if (outcome.event === 'lost' && isFinalFileState(file.state)) return false
        const state = moveFile(file.state, file.outcomeUnknown, outcome.event)
        if (state === undefined) return false
        const now = clock.now()
        const after: FileTaskRow = {
          ...file,
          state,
          outcomeUnknown: outcome.event === 'lost',
          errorCode: outcome.code,
          errorInfo: outcome.info,
          finishedAt: now,
          deadlineAt: undefined,
        }
        await w.files.save(file, after, now)
        w.audit({
          ...scope,
          at: now,
          actor: instanceId,
          action: isFinalFileState(file.state) ? 'agent/late-result' : `agent/${report.kind}`,
          subject: report.taskId,
          detail: { from: file.state, to: state, process: presence.agentProcess(instanceId) },
        })
        return true
      })
      if (ended && waiting.delete(instanceId)) wake([instanceId])
    },

    hasWork: async (instanceId) =>
      (await stores.read.files.unfinishedOf(instanceId, MOST_LOOKED_AT)).some((file) => file.state === 'Pending'),
  }
}

const handedOut = ({ invokeId, name, targetDir, content, contentType, ...rest }: SentFile): HandedOutFile => {
  const { owner, group, mode, overwrite, timeoutSeconds } = rest
  return { taskId: invokeId, name, targetDir, content, contentType, owner, group, mode, overwrite, timeoutSeconds }
}

/** The system of a host that has these files; undefined without any. */
const osOf = async (w: Writing, instanceId: string, files: readonly FileTaskRow[]): Promise<OsType | undefined> => {
  const [first] = files
  const scope = first === undefined ? undefined : await w.files.scopeOf(first.invokeId)
  return scope === undefined ? undefined : (await w.instances.targets(scope, [instanceId]))[0]?.osType
}

/** setuid, setgid or sticky. */
const hasSpecialBits = (mode: string): boolean => (Number.parseInt(mode, 8) & 0o7000) !== 0

/**
 * What the vendor's agent takes, and does otherwise than asked, without a word (agent/taskengine/sendfile.go).
 * @param os of the host; undefined: it has no agent of the vendor's
 */
const whyNotForVendors = (os: OsType | undefined, { mode, targetDir }: SentFile): Outcome | undefined => {
  if (os === undefined || os === 'Windows') return undefined
  // Upstream: what is no path from the root is one from where the agent was started.
  if (!targetDir.startsWith('/'))
    return because('failed', fileFailure(4), 'a directory of the host is named from its root, /')
  // Upstream: it sets what is left of such a mode.
  return hasSpecialBits(mode)
    ? because(
        'refused',
        fileRefusal('InvalidFileMode', ''),
        'the agent of the host sets no setuid, setgid or sticky bit',
      )
    : undefined
}

const because = (event: FileEvent, { code, info }: FileError, why: string): Outcome => ({
  event,
  code,
  info: `${info}: ${why}`,
})

const endedBy = ({ event, code, info }: Outcome, file: FileTaskRow, now: number): Partial<FileTaskRow> => ({
  state: moveFile(file.state, false, event) ?? file.state,
  errorCode: code,
  errorInfo: info,
  finishedAt: now,
  deadlineAt: undefined,
})

/** Upstream: it leaves a file that was there to its owner when both names are root or missing, and reads one that is missing as root. */
const forVendors = (file: HandedOutFile): HandedOutFile =>
  isRoots(file.owner) && isRoots(file.group) ? { ...file, owner: '', group: 'root' } : file

/** Upstream: what nobody names is root's (api.md §9). */
const isRoots = (name: string): boolean => name === '' || name === 'root'

interface Outcome {
  readonly event: FileEvent
  readonly code: string
  readonly info: string
}

const outcomeOf = (report: FileReport, file: FileTaskRow): Outcome => {
  if (report.kind === 'finish') {
    return report.code === 0
      ? { event: 'written', code: '', info: '' }
      : { event: 'failed', ...fileFailure(report.code) }
  }
  // The first answer may have arrived after all: then the file that is in the way is this one.
  if (report.param === FILE_EXISTS && file.handOuts > 1)
    return { event: 'lost', code: 'ExecutionInterrupted', info: UNKNOWN_TEXTS.ExecutionInterrupted }
  return { event: 'refused', ...fileRefusal(report.param, report.value) }
}
