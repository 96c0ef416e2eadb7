// What a server has acknowledged, and whether it still knows it. Everything that was under way when the server died may
// or may not be there, but whole.
import { callApi, type Parameters } from './api-client.js'
import { type HttpClient, Unanswered } from './http-client.js'

export interface Piece {
  readonly bytes: Buffer
  /** Unset while nobody knows whether the server took it. */
  kept: boolean
}

export interface TaskRecord {
  readonly invokeId: string
  readonly instanceId: string
  readonly pieces: Piece[]
  /** The start was reported: `acknowledged`, or sent when the server died. */
  running: 'no' | 'sent' | 'acknowledged'
  final: { readonly exitCode: number; readonly piece: Piece; acknowledged: boolean } | undefined
  /** What was sent and what was found, in order. */
  readonly story: string[]
}

export interface Submission {
  readonly parameters: Parameters
  readonly targets: readonly string[]
  invokeId: string | undefined
  /** A stop of it was acknowledged, or sent when the server died. */
  stopped: 'no' | 'sent' | 'acknowledged'
}

interface ResultRow {
  readonly InvokeId: string
  readonly InstanceId: string
  readonly InvocationStatus: string
  readonly Output: string
  readonly ExitCode?: number
}

export class Ledger {
  readonly submissions: Submission[] = []
  readonly #tasks = new Map<string, TaskRecord>()
  /** Names of commands whose creation was acknowledged, by id. */
  readonly commands = new Map<string, string>()
  /** Invocations that something happened to since the last check. */
  readonly #touched = new Set<string>()
  acknowledgedReports = 0
  acknowledgedSubmissions = 0
  checkedTasks = 0

  /** Reports and submissions. */
  get acknowledged(): number {
    return this.acknowledgedReports + this.acknowledgedSubmissions
  }

  task(invokeId: string, instanceId: string): TaskRecord {
    const key = `${invokeId} ${instanceId}`
    let task = this.#tasks.get(key)
    if (task === undefined) {
      task = { invokeId, instanceId, pieces: [], running: 'no', final: undefined, story: [] }
      this.#tasks.set(key, task)
    }
    this.touch(invokeId)
    return task
  }

  touch(invokeId: string): void {
    this.#touched.add(invokeId)
  }

  /** Compares what changed since the last check, or everything. @returns sentences about what is missing */
  async check(http: HttpClient, host: string, all = false): Promise<readonly string[]> {
    const wrong: string[] = []
    for (const submission of this.submissions) {
      const { invokeId } = submission
      if (invokeId === undefined || !(all || this.#touched.has(invokeId))) continue
      const rows = await resultsOf(http, host, invokeId)
      for (const instanceId of submission.targets) {
        const row = rows.get(instanceId)
        this.checkedTasks += 1
        if (row === undefined) wrong.push(`${nameOf(submission)} was acknowledged; its task on ${instanceId} is gone`)
        else wrong.push(...this.#compare(submission, row))
      }
      if (rows.size !== submission.targets.length) wrong.push(`${nameOf(submission)} has ${rows.size} tasks`)
    }
    for (const [commandId, name] of all ? this.commands : [...this.commands].slice(-20)) {
      const answer = await callApi(http, host, 'DescribeCommands', { CommandId: commandId })
      if (!JSON.stringify(answer).includes(`"${name}"`)) wrong.push(`the command ${commandId} is gone`)
    }
    this.#touched.clear()
    return wrong
  }

  #compare(submission: Submission, row: ResultRow): readonly string[] {
    const { invokeId } = submission
    const task = this.#tasks.get(`${invokeId} ${row.InstanceId}`)
    const wrong: string[] = []
    const where = `${nameOf(submission)} on ${row.InstanceId}`
    const state = row.InvocationStatus
    const story = (): string =>
      task === undefined ? '' : `; what happened: ${task.story.slice(-MOST_STORY).join('; ')}`
    const fail = (what: string): void => void wrong.push(`${where} is ${state}: ${what}${story()}`)
    const output = Buffer.from(row.Output, 'base64')
    task?.story.push(`found ${state} with ${output.length} bytes`)

    if (submission.stopped === 'acknowledged' && (state === 'Pending' || state === 'Running')) {
      fail('its stop was acknowledged')
    }
    if (task === undefined) {
      if (output.length > 0 || state === 'Success' || state === 'Failed') fail('nobody reported anything')
      return wrong
    }
    const ended = task.final === undefined ? undefined : task.final.exitCode === 0 ? 'Success' : 'Failed'
    if (task.final?.acknowledged === true) {
      if (state !== ended) fail(`its end with ${task.final.exitCode} was acknowledged`)
      else if (row.ExitCode !== task.final.exitCode)
        fail(`its exit code is ${row.ExitCode}, not ${task.final.exitCode}`)
    } else if (state === 'Success' || state === 'Failed') {
      if (state !== ended) fail('that was never reported')
    } else if (task.running === 'acknowledged') {
      const right = submission.stopped === 'no' ? ['Running'] : ['Running', 'Stopping']
      if (!right.includes(state)) fail('its start was acknowledged')
    }
    if (!settle(task.pieces, output)) {
      const sent = task.pieces.map(({ bytes, kept }) => `${kept ? '' : 'maybe '}${bytes.length}`)
      fail(`its output of ${output.length} bytes is not what was acknowledged (${sent.join(' + ')})`)
    }
    return wrong
  }
}

/** Of a task's story, in a sentence about it. */
const MOST_STORY = 16

const nameOf = ({ invokeId, parameters }: Submission): string => `${invokeId} (${parameters['Name']})`

/** Whether the output is the kept pieces and some of the doubtful ones, in order; then the doubts are settled. */
const settle = (pieces: Piece[], output: Buffer): boolean => {
  const doubtful = pieces.flatMap(({ kept }, index) => (kept ? [] : [index]))
  if (doubtful.length > 12) throw new RangeError('more doubts than can be tried')
  for (let choice = 0; choice < 2 ** doubtful.length; choice += 1) {
    const there = pieces.filter(({ kept }, index) => kept || (choice >> doubtful.indexOf(index)) & 1)
    if (!Buffer.concat(there.map(({ bytes }) => bytes)).equals(output)) continue
    for (const piece of there) piece.kept = true
    pieces.splice(0, pieces.length, ...there)
    return true
  }
  return false
}

const resultsOf = async (http: HttpClient, host: string, invokeId: string): Promise<ReadonlyMap<string, ResultRow>> => {
  const rows = new Map<string, ResultRow>()
  let token = ''
  do {
    const answer = await callApi(http, host, 'DescribeInvocationResults', {
      InvokeId: invokeId,
      MaxResults: '50',
      ...(token === '' ? {} : { NextToken: token }),
    })
    const { InvocationResults, NextToken } = answer['Invocation'] as {
      InvocationResults: { InvocationResult: readonly ResultRow[] }
      NextToken?: string
    }
    for (const row of InvocationResults.InvocationResult) rows.set(row.InstanceId, row)
    token = NextToken ?? ''
  } while (token !== '')
  return rows
}

/** Runs a step; false when the server went away within it. */
export const answered = async (step: () => Promise<unknown>): Promise<boolean> => {
  try {
    await step()
    return true
  } catch (cause) {
    if (cause instanceof Unanswered) return false
    throw cause
  }
}
