import { type KeyObject, randomUUID, sign } from 'node:crypto'
import { promisify } from 'node:util'
import {
  INSTANCE_ID_HEADER,
  REQUEST_ID_HEADER,
  SIGNATURE_HEADER,
  signedText,
  TIMESTAMP_HEADER,
} from '../protocol/agent-signature.js'

const signOffLoop = promisify(sign)

/** One host of the fleet. Keys may be shared by several: only who registered which matters to a server. */
export interface SimulatedHost {
  readonly instanceId: string
  readonly machineId: string
  readonly key: KeyObject
}

/**
 * The header lines that prove a host, each with its line end. A signature costs about a millisecond of CPU (RSA of 2048
 * bits) and is made on the runtime's thread pool: the largest part of what a simulated agent costs.
 */
export const signedLines = async ({ instanceId, machineId, key }: SimulatedHost): Promise<string> => {
  const identity = { instanceId, timestamp: Date.now(), requestId: randomUUID() }
  const signature = await signOffLoop('md5', Buffer.from(signedText(identity, machineId)), key)
  return (
    `${INSTANCE_ID_HEADER}: ${instanceId}\r\n${TIMESTAMP_HEADER}: ${identity.timestamp}\r\n` +
    `${REQUEST_ID_HEADER}: ${identity.requestId}\r\n${SIGNATURE_HEADER}: ${signature.toString('base64')}\r\n`
  )
}
