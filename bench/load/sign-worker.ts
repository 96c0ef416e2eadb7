import { randomUUID } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { signatureHeaders } from '../../src/protocol/agent-signature.js'
import { hostOf, privateKeys } from '../data/hosts.js'
import type { SigningOrder } from './signatures.js'

const { from, hosts, perHost, at, stepMs } = workerData as SigningOrder
const keys = privateKeys()
const made: string[][] = []
for (let number = from; number < from + hosts; number++) {
  const { instanceId, machineId, pair } = hostOf(number)
  const key = keys[pair]
  if (key === undefined) throw new Error(`there is no key pair ${pair}`)
  made.push(
    Array.from({ length: perHost }, (_, index) =>
      Object.entries(
        signatureHeaders(key, machineId, { instanceId, timestamp: at + index * stepMs, requestId: randomUUID() }),
      )
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join(''),
    ),
  )
}
parentPort?.postMessage(made)
