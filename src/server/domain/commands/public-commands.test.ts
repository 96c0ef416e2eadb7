import { describe, expect, it } from 'vitest'
import { SCRIPT } from '../_support.js'
import { openWorld } from '../_support.js'
import { publicCommandsSuite } from './_public-commands-suite.js'
import type { Command, ParameterDefinition } from './commands.js'
import { definedValues, PublicCommands } from './public-commands.js'

publicCommandsSuite(openWorld)

const command = (name: string, version: number, isLatest: boolean, provider = 'OpenAssist'): Command => ({
  ...SCRIPT,
  commandId: `c-${name}-v${version}`,
  name,
  description: `What ${name} does`,
  parameterNames: [],
  invokeTimes: 0,
  createdAt: 0,
  publication: { provider, category: 'Test', version, isLatest, definitions: [] },
})

const all = new PublicCommands([
  command('Disk', 2, true),
  command('Disk', 1, false),
  command('Net', 1, true, 'OpenAssist.Network'),
])
const PAGE = { style: 'number', number: 1, size: 10 } as const
const ids = (filter: object): readonly string[] => all.list(filter, PAGE).items.map(({ commandId }) => commandId)

describe('public commands', () => {
  it('are found by id, and by name in their newest version', () => {
    expect(all.find('Disk')?.commandId).toBe('c-Disk-v2')
    expect(all.find('c-Disk-v1')?.commandId).toBe('c-Disk-v1')
    expect(all.find('disk')).toBeUndefined()
  })

  it.each([
    [{ provider: 'AlibabaCloud' }, ['c-Disk-v2', 'c-Disk-v1', 'c-Net-v1']],
    [{ provider: 'AlibabaCloud.ECS' }, ['c-Disk-v2', 'c-Disk-v1', 'c-Net-v1']],
    [{ provider: 'AlibabaCloud.ECS.GuestOS', latest: true, name: 'disk' }, ['c-Disk-v2']],
    [{ provider: 'AlibabaCloudy' }, []],
    [{ provider: 'Somebody' }, []],
    [{ provider: 'OpenAssist' }, ['c-Disk-v2', 'c-Disk-v1', 'c-Net-v1']],
    [{ provider: 'OpenAssist.Network' }, ['c-Net-v1']],
    [{ latest: true }, ['c-Disk-v2', 'c-Net-v1']],
    [{ name: 'dis' }, ['c-Disk-v2', 'c-Disk-v1']],
    [{ name: '*ISK*', description: 'does' }, ['c-Disk-v2', 'c-Disk-v1']],
    [{ description: 'net d' }, ['c-Net-v1']],
    [{ type: 'RunPowerShellScript' }, []],
    [{ commandId: 'c-Disk-v1' }, ['c-Disk-v1']],
    [{ resourceGroupId: 'rg-1' }, []],
    [{ tags: [{ key: 'a' }] }, []],
  ])('%o are %o', (filter, found) => {
    expect(ids(filter)).toEqual(found)
  })

  it('come in pages, by number and by token', () => {
    const first = all.list({}, { style: 'token', cursor: undefined, size: 2 })
    expect([first.items.length, first.totalCount, first.nextCursor]).toEqual([2, 3, '2'])
    const second = all.list({}, { style: 'token', cursor: first.nextCursor, size: 2 })
    expect([second.items.map(({ name }) => name), second.nextCursor]).toEqual([['Net'], undefined])
    expect(all.list({}, { style: 'number', number: 2, size: 2 }).items.map(({ name }) => name)).toEqual(['Net'])
  })
})

describe('the values of a public command', () => {
  const definition = (change: Partial<ParameterDefinition>): ParameterDefinition => ({
    name: 'a',
    description: '',
    defaultValue: '',
    possibleValues: [],
    pattern: '',
    required: false,
    ...change,
  })
  const values = (change: Partial<ParameterDefinition>, sent?: Record<string, unknown>) =>
    Object.fromEntries(definedValues([definition(change)], sent && new Map(Object.entries(sent))))

  it('are defaults where nothing was sent, in any case of letters', () => {
    expect(values({ defaultValue: 'x' })).toEqual({ a: 'x' })
    expect(values({ defaultValue: 'x' }, { A: '' })).toEqual({ a: 'x' })
    expect(values({ defaultValue: 'x' }, { A: 7 })).toEqual({ a: '7' })
    expect(values({})).toEqual({})
  })

  it.each([
    [{ required: true }, undefined, 'parameters/missing-value'],
    [{ required: true }, { a: '' }, 'parameters/missing-value'],
    [{ pattern: '[a-z]+' }, { a: 'a b' }, 'parameters/malformed'],
    [{ pattern: '[a-z]+' }, { a: 'a\n' }, 'parameters/malformed'],
    [{ possibleValues: ['yes', 'no'] }, { a: 'maybe' }, 'parameters/malformed'],
    [{}, { b: '1' }, 'parameters/not-matched'],
    [{}, { a: '1', A: '2' }, 'parameters/duplicate'],
    [{}, { a: [] }, 'parameters/type-not-supported'],
  ])('that are %o with %o are refused', (change, sent, kind) => {
    expect(() => values(change, sent)).toThrow(kind)
  })
})
