import { Worker } from 'node:worker_threads'
import { sqliteLibrary } from './driver.js'

/** How much of the log there is, in frames of one page, and how much of it is in the database file. */
export interface Checkpointed {
  readonly frames: number
  readonly copied: number
}

/** The thread ends after this time without work, and costs an idle server nothing. */
const IDLE_MS = 10_000

/**
 * Plain JavaScript, so that the same text runs from the sources and from the build. `pragma wal_checkpoint` waits for
 * nobody: it copies what no reader still needs from the log.
 */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads')
process.emitWarning = () => {}
const { DatabaseSync } = require(workerData.library)
const database = new DatabaseSync(workerData.path)
database.exec('pragma busy_timeout = 10000')
database.exec('pragma synchronous = full')
parentPort.on('message', (ask) => {
  if (ask === 'close') {
    database.close()
    parentPort.close()
    return
  }
  const { log, checkpointed } = database.prepare('pragma wal_checkpoint(passive)').get()
  parentPort.postMessage({ frames: log, copied: checkpointed })
})
`

/**
 * Copies the log into the database file on a thread of its own, with a connection of its own: it writes thousands of
 * pages and waits for the disk twice.
 */
export class Checkpointer {
  readonly #path: string
  #thread: Worker | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** One at a time. @throws what went wrong in the thread; the next call begins another one */
  async run(): Promise<Checkpointed> {
    clearTimeout(this.#idle)
    const thread = (this.#thread ??= this.#begin())
    const done = await new Promise<Checkpointed>((resolve, reject) => {
      const settle = (): void => void thread.off('message', onMessage).off('error', onError).off('exit', onExit)
      const onMessage = (told: Checkpointed): void => {
        settle()
        resolve(told)
      }
      const onError = (cause: unknown): void => {
        settle()
        reject(cause as Error)
      }
      const onExit = (code: number): void => onError(new Error(`The checkpoint thread ended with ${code}.`))
      thread.once('message', onMessage).once('error', onError).once('exit', onExit)
      thread.postMessage('run')
    })
    this.#idle = setTimeout(() => void this.close(), IDLE_MS)
    this.#idle.unref()
    return done
  }

  /** To be called when nothing runs. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const thread = this.#thread
    if (thread === undefined) return
    this.#thread = undefined
    const ended = new Promise((resolve) => thread.once('exit', resolve))
    thread.ref()
    thread.postMessage('close')
    await ended
  }

  #begin(): Worker {
    const thread = new Worker(THREAD, {
      eval: true,
      workerData: { library: sqliteLibrary().path, path: this.#path },
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    })
    thread.unref()
    // Whatever it died of, the next run begins another one.
    const gone = (): void => {
      if (this.#thread === thread) this.#thread = undefined
    }
    thread.on('error', gone).on('exit', gone)
    return thread
  }
}
