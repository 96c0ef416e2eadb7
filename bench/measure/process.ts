// The side of the bench: a measured process of its own.
import { type ChildProcess, fork } from 'node:child_process'
import { openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Usage } from './controlled.js'

interface Told {
  readonly ready?: unknown
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
}

interface StartOptions {
  readonly args?: readonly string[]
  readonly nodeOptions?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where its standard error goes; the bench's own by default. */
  readonly errorFile?: string
}

/** A process that is measured: a server of ours or a floor. */
export class Measured<Ready> {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (cause: Error) => void }>()
  readonly #ended: Promise<void>
  #questions = 0
  readonly ready: Promise<Ready>

  /** @param file path below `bench/`, as compiled, such as `floor/call-floor.js` */
  constructor(file: string, { args = [], nodeOptions = [], env = {}, errorFile }: StartOptions = {}) {
    const cpuProfile = process.env['OPENASSIST_BENCH_CPU_PROF']
    this.#child = fork(fileURLToPath(new URL(`../${file}`, import.meta.url)), args, {
      execArgv: [
        '--expose-gc',
        ...(cpuProfile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`]),
        ...nodeOptions,
      ],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', errorFile === undefined ? 'inherit' : openSync(errorFile, 'a'), 'ipc'],
    })
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()))
    this.ready = new Promise<Ready>((resolve, reject) => {
      this.#child.once('exit', (code, signal) => {
        const cause = new Error(`${file} ended with ${signal ?? code}`)
        reject(cause)
        for (const { reject: fail } of this.#waiting.values()) fail(cause)
        this.#waiting.clear()
      })
      this.#child.on('message', (told: Told) => {
        if ('ready' in told) resolve(told.ready as Ready)
        if (told.id === undefined) return
        const waiting = this.#waiting.get(told.id)
        this.#waiting.delete(told.id)
        if (told.error !== undefined) waiting?.reject(new Error(told.error))
        else waiting?.resolve(told.value)
      })
    })
    this.ready.catch(() => undefined)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  ask<T>(question: string, given?: unknown): Promise<T> {
    const id = (this.#questions += 1)
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#child.send({ id, ask: question, given }, (cause) => {
        if (cause !== null) reject(cause)
      })
    })
  }

  usage(): Promise<Usage> {
    return this.ask<Usage>('usage')
  }

  async end(): Promise<void> {
    if (this.#child.connected) this.ask('end').catch(() => undefined)
    await this.#ended
  }

  /** SIGKILL: nothing is flushed. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
