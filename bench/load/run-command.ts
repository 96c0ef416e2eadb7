// One command on many agents, as an operator's tool and the agents do it.
import { fetchTasks, finish, running } from './agent-requests.js'
import type { FleetAgent } from './fleet.js'
import { signedGet, signedPost } from './signed-calls.js'
import type { Wire } from './wire.js'

/** Signed headers that one agent uses for one command: fetch, running, finish. */
export const HEADERS_PER_COMMAND = 3

const call = async (wire: Wire, bytes: string): Promise<unknown> => {
  const { status, body } = await wire.request(bytes)
  const text = body.toString('utf8')
  if (status !== 200) throw new Error(`a call was answered ${status}: ${text.slice(0, 500)}`)
  return JSON.parse(text)
}

/** @returns InvokeId */
export const runCommand = async (wire: Wire, instanceIds: readonly string[]): Promise<string> => {
  const targets = Object.fromEntries(instanceIds.map((id, index) => [`InstanceId.${index + 1}`, id]))
  const answer = await call(
    wire,
    signedPost('RunCommand', { Type: 'RunShellScript', CommandContent: 'uptime', Timeout: '3600', ...targets }),
  )
  return (answer as { InvokeId: string }).InvokeId
}

/** What this host's script wrote. */
export const outputOf = (number: number): string =>
  `${' 12:00:00 up 3 days, load average: 0.00, 0.01, 0.05\n'.repeat(4)}${number}\n`

export const fetchAndStart = async (agent: FleetAgent, headers: string[]): Promise<string> => {
  const fetched = await agent.wire.request(fetchTasks(headers.shift() ?? ''))
  const { run = [] } = JSON.parse(fetched.body.toString('utf8')) as { run?: { task: { taskID: string } }[] }
  const taskId = run[0]?.task.taskID
  if (fetched.status !== 200 || taskId === undefined || run.length !== 1)
    throw new Error(
      `agent ${agent.number} fetched ${run.length} tasks: ${fetched.status} ${fetched.body.toString('utf8').slice(0, 300)}`,
    )
  await acknowledged(agent.wire, running(headers.shift() ?? '', taskId, Date.now()))
  return taskId
}

export const finishTask = (agent: FleetAgent, headers: string[], taskId: string): Promise<void> =>
  acknowledged(agent.wire, finish(headers.shift() ?? '', taskId, Date.now(), outputOf(agent.number)))

const acknowledged = async (wire: Wire, bytes: string): Promise<void> => {
  const { status, body } = await wire.request(bytes)
  if (status !== 200) throw new Error(`a report was answered ${status}: ${body.toString('utf8').slice(0, 300)}`)
}

/** Resolves when the agent's next kick has come; it is answered as the vendor's agent does. */
export const nextKick = ({ notify }: FleetAgent): Promise<void> =>
  new Promise((resolve) => {
    notify.onText = (text) => {
      notify.sendText(`accept:${text}`)
      resolve()
    }
  })

/** Throws unless the invocation has ended with every output as it was sent. */
export const checkOutputs = async (
  wire: Wire,
  invokeId: string,
  outputs: ReadonlyMap<string, string>,
): Promise<void> => {
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
