import { describe, expect, it } from 'vitest'
import {
  builtInNames,
  bytesOfScript,
  checkLength,
  fillIn,
  parameterNames,
  parameterValues,
  textOfScript,
} from './custom-parameters.js'

const kindOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (cause) {
    return (cause as { kind: string }).kind
  }
}

describe('names in a script (api.md §4.1)', () => {
  it.each([
    ['echo {{name}}', ['name']],
    ['echo {{ name }} {{\nname\n}}', ['name']],
    ['{{Name}} {{name}} {{NAME}}', ['Name']],
    ['{{a-b}} {{c_d}} {{9}}', ['a-b', 'c_d', '9']],
    ['{{ACS::InstanceId}} {{acs::RegionId}} {{x}}', ['x']],
    ['no { braces } at {all}', []],
    ['{{{a}}}', ['a']],
    ['{{oos-secret:db}} {{ oos : db }} {{a}}', ['a']],
  ])('%s', (script, names) => {
    expect(parameterNames(script)).toEqual(names)
  })

  it.each([
    ['{{}}', 'command-parameter/empty-name'],
    ['{{  }}', 'command-parameter/empty-name'],
    ['{{a b}}', 'command-parameter/malformed-name'],
    ['{{ä}}', 'command-parameter/malformed-name'],
    [`{{${'a'.repeat(65)}}}`, 'command-parameter/name-too-long'],
    [Array.from({ length: 21 }, (_, index) => `{{p${index}}}`).join(''), 'command-parameter/too-many'],
  ])('%s is the fault %s', (script, kind) => {
    expect(kindOf(() => parameterNames(script))).toBe(kind)
  })

  it('a name of 64 characters and 20 names are right', () => {
    expect(parameterNames(`{{${'a'.repeat(64)}}}`)).toHaveLength(1)
    expect(parameterNames(Array.from({ length: 20 }, (_, index) => `{{p${index}}}`).join(''))).toHaveLength(20)
  })

  it('tells the built-in ones apart', () => {
    expect(builtInNames('{{ACS::InvokeId}} {{ acs::RegionId }} {{x}}')).toEqual(['InvokeId', 'RegionId'])
  })
})

describe('values of a run (api.md §5.3)', () => {
  const values = (sent: Record<string, unknown> | undefined, names = ['name', 'Other'], enabled = true) =>
    parameterValues(enabled, names, sent === undefined ? undefined : new Map(Object.entries(sent)))

  it('names compare without regard to case, scalars become text', () => {
    expect(Object.fromEntries(values({ NAME: 1, other: true }))).toEqual({ name: '1', other: 'true' })
  })

  it.each([
    [{ name: 'a', Name: 'b' }, 'parameters/duplicate'],
    [{ unknown: 'a' }, 'parameters/not-matched'],
    [{ name: {} }, 'parameters/type-not-supported'],
    [{ name: null }, 'parameters/type-not-supported'],
    [{ ['n'.repeat(65)]: 'a' }, 'parameters/name-too-long'],
    [Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`p${index}`, ''])), 'parameters/too-many'],
  ])('%j is the fault %s', (sent, kind) => {
    expect(kindOf(() => values(sent))).toBe(kind)
  })

  it('values for a command without parameters are refused, an empty object is not', () => {
    expect(kindOf(() => values({ name: 'a' }, [], false))).toBe('parameters/disabled')
    expect(values({}, [], false).size).toBe(0)
    expect(values(undefined, [], false).size).toBe(0)
  })

  it('fills in custom values, empties what has none, and leaves built-in ones for the agent', () => {
    expect(fillIn('{{ Name }}-{{missing}}-{{ACS::InvokeId}}', new Map([['name', '$&']]))).toBe('$&--{{ACS::InvokeId}}')
    expect(fillIn('{{a}} {{oos-secret:b}}', new Map([['a', '{{ oos:c }}']]))).toBe('{{ oos:c }} {{oos-secret:b}}')
  })

  it('leaves the bytes around values as they are, also those that are not UTF-8', () => {
    const script = Buffer.concat([Buffer.from([0xb2, 0xe2, 0xff]), Buffer.from(' {{a}}')])
    const filled = bytesOfScript(fillIn(textOfScript(script), new Map([['a', '\u4f60']])))
    expect(Buffer.from(filled).toString('hex')).toBe('b2e2ff20e4bda0')
  })

  it('24 KB of Base64 is the most', () => {
    expect(kindOf(() => checkLength(18_432))).toBe('none')
    expect(kindOf(() => checkLength(18_433))).toBe('command/content-too-long')
  })
})
