import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { answerJson, apiOf, type FakePeer, startPeer } from '../_support.js'
import { rolloutParameters } from '../rollouts/rollout-options.js'
import { sendFile } from '../sending/send-file.js'
import { submit } from './submit.js'

// What the API can be asked for, the command line can ask for.

const { operations } = JSON.parse(readFileSync(new URL('../../../spec/operations.json', import.meta.url), 'utf8')) as {
  readonly operations: readonly { readonly name: string; readonly request: Readonly<Record<string, unknown>> }[]
}

const never = new AbortController().signal
const targets = [{ instanceId: 'mi-1', name: '' }]
const tags = [{ name: 'a', value: 'b' }]

const parametersOf = (operation: string): readonly string[] =>
  Object.keys(operations.find(({ name }) => name === operation)?.request ?? {}).toSorted()

/** Names of what was sent, without what every call has. */
const sent = (peer: FakePeer): readonly string[] => {
  const names = [...(peer.calls[0]?.parameters.keys() ?? [])].map((name) => name.split('.')[0] ?? '')
  return [...new Set(names)].toSorted()
}

it.each([
  ['RunCommand', { content: Buffer.from('id'), type: 'RunShellScript' }],
  ['InvokeCommand', { commandId: 'c-1', type: 'RunShellScript' }],
] as const)(
  'run asks for every parameter of %s, but for other ways to choose hosts and to repeat',
  async (action, script) => {
    await using peer = await startPeer((_, response) => answerJson(response, { InvokeId: 't' }))
    using api = apiOf(peer)
    await submit(
      api,
      targets,
      {
        script,
        timeoutSeconds: 30,
        workingDir: '/',
        username: 'a',
        windowsPasswordName: 'a',
        containerId: 'a',
        containerName: 'a',
        launcher: 'a',
        terminationMode: 'Process',
        allowSecretOnDisk: true,
        repeatMode: 'Period',
        frequency: 'rate(5m)',
        outputTo: 'oss://a/b',
        name: 'a',
        description: 'a',
        keep: true,
        resourceGroup: 'a',
        tags,
        enableParameter: true,
        parameters: [{ name: 'a', value: 'b' }],
        rollout: rolloutParameters({
          'max-concurrent': '5',
          'stop-after': '10%',
          waves: '1, 10%',
          'pause-between-waves': '10m',
          'offline-timeout': '3d',
        }),
      },
      never,
      () => undefined,
    )
    const asked = sent(peer)
    expect(peer.calls[0]?.action).toBe(action)
    expect(parametersOf(action).filter((name) => !asked.includes(name))).toEqual(['RerunOf', 'ResourceTag', 'Timed'])
  },
)

it('send asks for every parameter of SendFile', async () => {
  await using peer = await startPeer((_, response) => answerJson(response, { InvokeId: 'f' }))
  using api = apiOf(peer)
  await sendFile(
    api,
    targets,
    {
      name: 'a',
      content: Buffer.from('a'),
      directory: '/',
      mode: '0600',
      owner: 'a',
      group: 'a',
      overwrite: true,
      timeoutSeconds: 30,
      description: 'a',
      resourceGroup: 'a',
      tags,
      rollout: rolloutParameters({
        'max-concurrent': '5',
        'stop-after': '10%',
        waves: '1, 10%',
        'pause-between-waves': '10m',
        'offline-timeout': '3d',
      }),
    },
    never,
    () => undefined,
  )
  const asked = sent(peer)
  expect(parametersOf('SendFile').filter((name) => !asked.includes(name))).toEqual(['RerunOf'])
})
