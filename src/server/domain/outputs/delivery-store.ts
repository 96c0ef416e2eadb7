import type { OutputDeliveryStatus } from './output-delivery.js'

/** A delivery that is to be done. */
export interface DueDelivery {
  readonly invokeId: string
  readonly instanceId: string
  /** Start of one of several runs; 0 for what runs once. */
  readonly runStart: number
  /** As it was asked for: `oss://bucket/prefix`. */
  readonly address: string
  /** Grows when the output changed since. */
  readonly version: number
  /** Tries so far. */
  readonly attempts: number
  readonly queuedAt: number
}

export interface DeliveryReader {
  /** Deliveries whose time has come, the longest waiting first. */
  due(now: number, limit: number): Promise<readonly DueDelivery[]>
  /** What is to be delivered; undefined when it is not there any more. */
  output(delivery: DueDelivery): Promise<Uint8Array | undefined>
}

export interface DeliveryStore extends DeliveryReader {
  /** Queues the output of a run that is over, also one that was delivered and changed since. */
  add(invokeId: string, instanceId: string, runStart: number, now: number): Promise<void>
  /** Ends a delivery, unless its output changed meanwhile: then it is still to be done. */
  end(delivery: DueDelivery, end: DeliveryEnd, now: number): Promise<void>
  /** Puts a delivery off that failed. */
  retry(delivery: DueDelivery, failure: { code: string; info: string }, dueAt: number, now: number): Promise<void>
  /** Puts deliveries off that were not tried. */
  postpone(deliveries: readonly DueDelivery[], dueAt: number): Promise<void>
}

export interface DeliveryEnd {
  readonly status: Exclude<OutputDeliveryStatus, 'InProgress'>
  /** `''` unless it is there. */
  readonly uri: string
  readonly code: string
  readonly info: string
}
