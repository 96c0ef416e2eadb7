// One command on many agents, as an operator's tool sends it and reads what came of it.
import { instanceIdOf } from '../data/hosts.js'
import { signedGet, signedPost } from './signed-calls.js'
import type { Wire } from './wire.js'

/** Requests that one agent signs for one command: fetch, running, finish. */
export const REQUESTS_PER_COMMAND = 3

const call = async (wire: Wire, bytes: string): Promise<unknown> => {
  const { status, body } = await wire.request(bytes)
  const text = body.toString('utf8')
  if (status !== 200) throw new Error(`a call was answered ${status}: ${text.slice(0, 500)}`)
  return JSON.parse(text)
}

/**
 * @param hosts their numbers
 * @returns InvokeId
 */
export const runCommand = async (wire: Wire, hosts: readonly number[]): Promise<string> => {
  const targets = Object.fromEntries(hosts.map((host, index) => [`InstanceId.${index + 1}`, instanceIdOf(host)]))
  const answer = await call(
    wire,
    signedPost('RunCommand', { Type: 'RunShellScript', CommandContent: 'uptime', Timeout: '3600', ...targets }),
  )
  return (answer as { InvokeId: string }).InvokeId
}

/** What this host's script wrote. */
export const outputOf = (number: number): string =>
  `${' 12:00:00 up 3 days, load average: 0.00, 0.01, 0.05\n'.repeat(4)}${number}\n`

/** Throws unless the invocation has ended with every output as it was sent. */
export const checkOutputs = async (wire: Wire, invokeId: string, hosts: readonly number[]): Promise<void> => {
  const outputs = new Map(hosts.map((host) => [instanceIdOf(host), outputOf(host)]))
  const seen = new Set<string>()
  let token: string | undefined
  do {
    const answer = (await call(
      wire,
      signedGet('DescribeInvocationResults', {
        InvokeId: invokeId,
        MaxResults: '50',
        ContentEncoding: 'PlainText',
        ...(token === undefined ? {} : { NextToken: token }),
      }),
    )) as {
      Invocation: {
        NextToken?: string
        InvocationResults: {
          InvocationResult: { InstanceId: string; Output: string; InvocationStatus: string; ErrorInfo: string }[]
        }
      }
    }
    for (const result of answer.Invocation.InvocationResults.InvocationResult) {
      seen.add(result.InstanceId)
      if (result.InvocationStatus !== 'Success' || result.Output !== outputs.get(result.InstanceId))
        throw new Error(
          `${result.InstanceId} has ${result.InvocationStatus} ${result.ErrorInfo} ${JSON.stringify(result.Output)}`,
        )
    }
    token = answer.Invocation.NextToken
  } while (token !== undefined && token !== '')
  if (seen.size !== outputs.size) throw new Error(`${seen.size} of ${outputs.size} results can be read`)
}

/** Whether the whole invocation has ended. */
export const isFinished = async (wire: Wire, invokeId: string): Promise<boolean> => {
  const answer = (await call(wire, signedGet('DescribeInvocations', { InvokeId: invokeId }))) as {
    Invocations: { Invocation: { InvokeStatus: string }[] }
  }
  return answer.Invocations.Invocation[0]?.InvokeStatus === 'Finished'
}
