import RPC from '@alicloud/pop-core'
import type { Permit } from './permits.js'

// Asks a server through the vendor's own client.

export interface Target {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly accessKeySecret: string
}

export interface Result {
  readonly InstanceId: string
  readonly InvocationStatus: string
  readonly Output: string
  readonly ExitCode: number
}

export interface Client {
  readonly ask: (action: string, parameters: object) => Promise<Readonly<Record<string, unknown>>>
  /** An activation for so many hosts. */
  readonly permits: (hosts: number) => Promise<readonly Permit[]>
  /** Runs a command and returns its invocation. */
  readonly run: (instanceIds: readonly string[], parameters?: object) => Promise<string>
  readonly results: (invokeId: string) => Promise<readonly Result[]>
}

const TIMEOUT_MS = 20_000

export const createClient = (target: Target): Client => {
  const client = new RPC({ ...target, apiVersion: '2014-05-26' })
  const ask = (action: string, parameters: object): Promise<Readonly<Record<string, unknown>>> =>
    client.request(action, { RegionId: 'cn-hangzhou', ...parameters }, { method: 'POST', timeout: TIMEOUT_MS })
  return {
    ask,
    async permits(hosts) {
      const answer = await ask('CreateActivation', { InstanceCount: hosts, TimeToLiveInHours: 1 })
      const { ActivationId, ActivationCode } = answer as { ActivationId: string; ActivationCode: string }
      return [{ activationId: ActivationId, activationCode: ActivationCode, count: hosts }]
    },
    async run(instanceIds, parameters = {}) {
      const command = { Type: 'RunShellScript', CommandContent: 'echo real', ...parameters }
      return String((await ask('RunCommand', { ...command, ...numbered(instanceIds) }))['InvokeId'])
    },
    async results(invokeId) {
      const asked = { InvokeId: invokeId, ContentEncoding: 'PlainText', PageSize: 50 }
      const answer = await ask('DescribeInvocationResults', asked)
      const { Invocation } = answer as { Invocation: { InvocationResults: { InvocationResult: Result[] } } }
      return Invocation.InvocationResults.InvocationResult
    },
  }
}

export const numbered = (instanceIds: readonly string[]): object =>
  Object.fromEntries(instanceIds.map((id, index) => [`InstanceId.${index + 1}`, id]))
