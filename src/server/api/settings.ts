import type { Rate } from './throttle.js'

/** Bounds and habits of the API door (design D13), each with a safe default. */
export interface ApiSettings {
  /** How far a request's time may be from ours, both ways (rpc.md §1.1). */
  readonly timestampWindowMs: number
  readonly maxBodyBytes: number
  /** How long a body may take to arrive. */
  readonly bodyDeadlineMs: number
  readonly maxParameters: number
  /** Calls under way at a time. */
  readonly maxCalls: number
  /** Bytes of bodies held at a time, of all calls together. */
  readonly maxHeldBytes: number
  /** How often one key may call one action. */
  readonly rate: Rate
  /** Whether SignatureDoesNotMatch tells the caller the string to sign (rpc.md §3.6). */
  readonly echoStringToSign: boolean
  /** Host texts that clients may have signed where a proxy in front rewrites Host (rpc.md §5.1). */
  readonly publicHosts: readonly string[]
  /** Where an error code is explained; `Recommend` of an error. */
  readonly recommend: (code: string, requestId: string) => string
  /** How long `stop` waits for the calls under way. */
  readonly stopDeadlineMs: number
}

export const DEFAULT_API_SETTINGS: ApiSettings = {
  timestampWindowMs: 15 * 60_000,
  maxBodyBytes: 4 * 1024 * 1024,
  bodyDeadlineMs: 30_000,
  maxParameters: 20_000,
  maxCalls: 4_096,
  maxHeldBytes: 256 * 1024 * 1024,
  rate: { perSecond: 20_000, burst: 20_000 },
  echoStringToSign: true,
  publicHosts: [],
  recommend: (code, requestId) =>
    `https://api.aliyun.com/troubleshoot?q=${encodeURIComponent(code)}&product=Ecs&requestId=${requestId}`,
  stopDeadlineMs: 10_000,
}
