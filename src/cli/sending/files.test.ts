import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, plainColours, startPeer } from '../_support.js'
import { getInvocation } from '../history/invocations.js'
import { fileTable, fileText } from '../output/file-text.js'
import { filePages, getFile } from './files.js'

const sent = {
  InvokeId: 'f-1',
  InvocationStatus: 'PartialFailed',
  Name: 'motd\u001b[2J',
  TargetDir: '/etc',
  Content: Buffer.from('hello').toString('base64'),
  Description: 'what for',
  FileOwner: 'root',
  FileGroup: 'wheel',
  FileMode: '0644',
  Overwrite: 'true',
  CreationTime: '2026-01-01T00:00:00Z',
  Tags: { Tag: [{ TagKey: 'team', TagValue: 'web' }] },
  InvokeInstances: {
    InvokeInstance: [
      { InstanceId: 'mi-1', InvocationStatus: 'Success', StartTime: '2026-01-01T00:00:01Z' },
      { InstanceId: 'mi-2', InvocationStatus: 'Invalid', ErrorCode: 'FileAlreadyExists', ErrorInfo: 'it is there' },
    ],
  },
}

const now = Date.parse('2026-01-01T00:10:00Z')
const output = { write: () => undefined, isTerminal: true, columns: 80, rows: 24, colours: plainColours }
const peerWith = (...sends: readonly object[]) =>
  startPeer((_, response) => answerJson(response, { TotalCount: sends.length, Invocations: { Invocation: sends } }))

describe('a sent file', () => {
  it('is told with what became of it on every host', async () => {
    await using peer = await peerWith(sent)
    using api = apiOf(peer)
    expect(fileText(await getFile(api, 'f-1'), now, output)).toBe(`File:        f-1
State:       PartialFailed
Sent:        2026-01-01T00:00:00Z (10 min ago)
Path:        /etc/motd\\x1b[2J
Size:        5 bytes
Description: what for
Owner:       root:wheel
Mode:        0644
Overwrites:  yes
Tags:        team=web

INSTANCE  STATE    EXIT  STARTED               TOOK
mi-1      Success        2026-01-01T00:00:01Z      
mi-2      Invalid                                  

mi-2: FileAlreadyExists: it is there

2 hosts: 1 succeeded, 1 failed
`)
  })

  it('is listed, also one of Windows', async () => {
    await using peer = await peerWith(sent, { ...sent, InvokeId: 'f-2', Name: 'a', TargetDir: 'C:\\b' })
    using api = apiOf(peer)
    const filter = { state: 'PartialFailed', name: 'motd', instanceId: 'mi-1', tags: [{ name: 'a', value: 'b' }] }
    for await (const { files, total } of filePages(api, filter)) {
      expect(total).toBe(2)
      expect(fileTable(files, now, output)).toEqual([
        'FILE  SENT        STATE          HOSTS  FAILED  PATH',
        'f-1   10 min ago  PartialFailed      2       1  /etc/motd\\x1b[2J',
        'f-2   10 min ago  PartialFailed      2       1  C:\\b\\a',
      ])
    }
    expect(Object.fromEntries(peer.calls[0]?.parameters ?? [])).toMatchObject({
      InvocationStatus: 'PartialFailed',
      Name: 'motd',
      InstanceId: 'mi-1',
      'Tag.1.Key': 'a',
    })
  })

  it('that is not there is said so, and one that is asked for as an invocation, too', async () => {
    await using peer = await peerWith()
    using api = apiOf(peer)
    await expect(getFile(api, 'f-1')).rejects.toThrow('there is no sent file f-1.')
    await expect(getInvocation(api, 'f-1')).rejects.toMatchObject({
      message: 'f-1 is the id of a sent file, not of an invocation.',
      advice: ['What became of it: openassist files show f-1'],
    })
  })
})
