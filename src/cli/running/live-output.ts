import { StringDecoder } from 'node:string_decoder'
import type { Output } from '../../command-line/terminal.js'
import { listAt, numberAt, textAt } from '../answer.js'
import { shownOutput } from '../output/outcome-text.js'
import { type StatesOf, statesOfRun } from './follow.js'

/**
 * Writes what a single host writes as it comes: at the end exactly what would be written at once then, nothing of it twice,
 * and no character in halves.
 */
export class LiveOutput {
  readonly #output: Pick<Output, 'write'>
  #written = ''

  /** @param line is taken away before anything is written: it may be on the same terminal */
  constructor(output: Pick<Output, 'write'>, line?: Disposable) {
    this.#output = {
      write: (text) => {
        line?.[Symbol.dispose]()
        output.write(text)
      },
    }
  }

  /** Something was written, and the line has no end yet. */
  get isMidLine(): boolean {
    return this.#written !== '' && !this.#written.endsWith('\n')
  }

  get hasWritten(): boolean {
    return this.#written !== ''
  }

  /** Writes what is new in the output so far. Half a character, and half a line end, wait for their other half. */
  show(bytes: Uint8Array): void {
    const whole = new StringDecoder('utf8').write(Buffer.from(bytes))
    this.#goOn(shownOutput(whole.endsWith('\r') ? whole.slice(0, -1) : whole))
  }

  /** Writes what is left of the whole. @returns false when what was written is no beginning of it: then all of it is */
  finish(text: string): boolean {
    if (this.#goOn(text)) return true
    this.#output.write(this.isMidLine ? `\n${text}` : text)
    return false
  }

  #goOn(text: string): boolean {
    if (!text.startsWith(this.#written)) return false
    if (text.length > this.#written.length) this.#output.write(text.slice(this.#written.length))
    this.#written = text
    return true
  }
}

/** Looks at the state alone between two looks at an output that does not grow. */
const MOST_SKIPPED = 7

/** The state of an invocation on its only host; what that has written is shown on the way. */
export const withOutput = (live: LiveOutput): StatesOf => {
  // What is not kept of an output is its end: the rest has been seen then, and is not fetched again and again.
  let isFull = false
  let shown = -1
  // The answer has all of it each time, so one that did not grow is not asked for again at once.
  let pause = 0
  let left = 0
  return async (api, invokeId, signal) => {
    if (isFull || left > 0) {
      left -= 1
      return await statesOfRun(api, invokeId, signal)
    }
    const answer = await api.call('DescribeInvocationResults', [['InvokeId', invokeId]], signal)
    const results = listAt(answer, 'Invocation', 'InvocationResults', 'InvocationResult')
    // Of an invocation that there is, and of one that there is not.
    if (results.length === 0) return await statesOfRun(api, invokeId, signal)
    for (const result of results) {
      const output = Buffer.from(textAt(result, 'Output'), 'base64')
      live.show(output)
      pause = output.length === shown ? Math.min(2 * pause + 1, MOST_SKIPPED) : 0
      left = pause
      shown = output.length
      isFull ||= numberAt(result, 'Dropped') > 0
    }
    return new Map(results.map((result) => [textAt(result, 'InstanceId'), textAt(result, 'InvocationStatus')]))
  }
}
