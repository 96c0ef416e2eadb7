import type { Format } from './http.js'

/** What is told about one call when it is over: never a parameter, a secret, or what an operation answered. */
export interface CallEvent {
  readonly requestId: string
  /** Name of a known operation, else ''. */
  readonly action: string
  readonly status: number
  /** Error code, '' for success. */
  readonly code: string
  readonly scheme: 'v1' | 'v3' | undefined
  readonly format: Format
  readonly accountId: string | undefined
  readonly accessKeyId: string | undefined
  readonly sourceAddress: string | undefined
  readonly durationMs: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Parameters that the action does not know: accepted and without effect. */
  readonly unknownParameters: number
  /** The answer was that of an earlier call with the same ClientToken. */
  readonly repeated: boolean
  /** What the caller is not told about a failure of the server; undefined when there was none. */
  readonly failure: unknown
}

/** One log line and one metric per call. It must not throw. */
export type Tell = (event: CallEvent) => void
