import { describe, expect, it } from 'vitest'
import { runParameters, runReason, targetsOf } from './run-parameters.js'

const limits = {
  instancesPerInvocation: 3,
  instancesPerRollout: 10_000,
  instancesPerFileSend: 50,
  instancesPerStatusQuery: 3,
}
const onOne = { InstanceId: ['i-1'] }
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `i-${index}`)

describe('where to run', () => {
  it('is told by ids or by tags', () => {
    expect(runReason(onOne, limits)).toBeUndefined()
    expect(runReason({ ResourceTag: [{ Key: 'role' }] }, limits)).toBeUndefined()
  })

  it('is missing when neither names anything', () => {
    expect(runReason({}, limits)).toBe('InstanceId/missing')
    expect(runReason({ InstanceId: [''] }, limits)).toBe('InstanceId/missing')
    expect(runReason({ ResourceTag: [] }, limits)).toBe('InstanceId/missing')
  })

  it('is not told by both', () => {
    expect(runReason({ ...onOne, ResourceTag: [{ Key: 'role' }] }, limits)).toBe('ResourceTag/conflict')
  })

  it('is as many instances as the configuration allows, each counted once', () => {
    expect(runReason({ InstanceId: ids(3) }, limits)).toBeUndefined()
    expect(runReason({ InstanceId: [...ids(3), 'i-0'] }, limits)).toBeUndefined()
    expect(runReason({ InstanceId: ids(4) }, limits)).toBe('InstanceId/too-many')
    expect(runReason({ InstanceId: ids(4) }, { ...limits, instancesPerInvocation: 4 })).toBeUndefined()
  })

  it('names each instance once', () => {
    expect(targetsOf({ InstanceId: ['i-1', '', 'i-2', 'i-1'] })).toEqual({ by: 'id', instanceIds: ['i-1', 'i-2'] })
  })

  it('is any value of a tag that is given without one', () => {
    const ResourceTag = [{ Key: 'role' }, { Key: 'zone', Value: 'a' }]
    expect(targetsOf({ ResourceTag })).toEqual({
      by: 'tag',
      tags: [
        { key: 'role', value: undefined },
        { key: 'zone', value: 'a' },
      ],
    })
  })
})

describe('how often to run', () => {
  it('is once, said or not', () => {
    expect(runReason({ ...onOne, RepeatMode: 'Once' }, limits)).toBeUndefined()
  })

  it('needs a schedule when it is periodic', () => {
    expect(runReason({ ...onOne, RepeatMode: 'Period' }, limits)).toBe('Frequency/missing')
  })

  it('is told when its schedule is wrong', () => {
    expect(runReason({ ...onOne, Frequency: 'often' }, limits)).toBe('Frequency/malformed')
    expect(runReason({ ...onOne, RepeatMode: 'Once', Frequency: 'often' }, limits)).toBe('Frequency/malformed')
  })

  it.each([
    { Frequency: 'rate(5m)' },
    { RepeatMode: 'NextRebootOnly' },
    { RepeatMode: 'EveryReboot' },
    { RepeatMode: 'DryRun' },
  ])('may be %o', (how) => {
    expect(runReason({ ...onOne, ...how }, limits)).toBeUndefined()
  })
})

describe('the name of a user', () => {
  const { pattern } = runParameters(10).Username
  const isName = (name: string): boolean => new RegExp(`^(?:${pattern})$`, 'u').test(name)

  it.each(['root', 'test', '_apt', 'www-data', 'a.b', 'alice@example.org', 'host$', 'CORP\\alice', 'System'])(
    'may be %s',
    (name) => {
      expect(isName(name)).toBe(true)
    },
  )

  it.each([
    ['a;reboot'],
    ['$(reboot)'],
    ['`reboot`'],
    ['a b'],
    ['a\nb'],
    ['a|b'],
    ['a&b'],
    ['-rf'],
    ['../x'],
    ['a>b'],
    ["a'b"],
    ['a"b'],
    ['a\\\\b'],
    ['a$b'],
    ['\\a'],
    ['a\\'],
    ['*'],
    ['~root'],
    ['#a'],
    ['a\u0000'],
    ['ä'],
  ])('is never %j, which a shell would read', (name) => {
    expect(isName(name)).toBe(false)
  })
})
