import { describe, expect, it } from 'vitest'
import { parseLauncher, SCRIPT_FILE } from './launcher.js'

const kindOf = (line: string): string => {
  try {
    parseLauncher(line)
    return 'none'
  } catch (cause) {
    return (cause as { kind: string }).kind
  }
}

describe('a launcher (api.md §4.1)', () => {
  it.each([
    ['python3 -u {{ACS::ScriptFileName|Ext(".py")}}', ['python3', '-u', SCRIPT_FILE], '.py'],
    ["python3 -u {{ACS::ScriptFileName|Ext('.py')}}", ['python3', '-u', SCRIPT_FILE], '.py'],
    ['python3 -u {{ACS::ScriptFileName|Ext(.py)}}', ['python3', '-u', SCRIPT_FILE], '.py'],
    ['python3 -u "{{ACS::ScriptFileName|Ext(".py")}}"', ['python3', '-u', SCRIPT_FILE], '.py'],
    ['python3 -u "{{ACS::ScriptFileName|Ext(\\".py\\")}}"', ['python3', '-u', SCRIPT_FILE], '.py'],
    ['python3 {{ ACS::ScriptFileName | Ext( ".py" ) }}', ['python3', SCRIPT_FILE], '.py'],
    ['python3 -u {{ACS::ScriptFileName}}', ['python3', '-u', SCRIPT_FILE], ''],
    ["python3 -u '{{ACS::ScriptFileName}}'", ['python3', '-u', SCRIPT_FILE], ''],
    ['{{ACS::ScriptFileName}}', [SCRIPT_FILE], ''],
    ['tool --file={{ACS::ScriptFileName|Ext(".tar.gz")}} x', ['tool', `--file=${SCRIPT_FILE}`, 'x'], '.tar.gz'],
    ['  a\t"b  c" d\\ e \'f"g\' "" {{ACS::ScriptFileName}} ', ['a', 'b  c', 'd e', 'f"g', '', SCRIPT_FILE], ''],
    ['"a\\"b\\n" {{ACS::ScriptFileName}}', ['a"b\\n', SCRIPT_FILE], ''],
    ['sh {{name}} $HOME ; {{ACS::ScriptFileName}}', ['sh', '{{name}}', '$HOME', ';', SCRIPT_FILE], ''],
  ])('%s', (line, words, extension) => {
    expect(parseLauncher(line)).toEqual({ words, extension })
  })

  it.each([
    'python3',
    '"" {{ACS::ScriptFileName}}',
    'python3 "{{ACS::ScriptFileName}}',
    "python3 '{{ACS::ScriptFileName}}",
    'python3 {{ACS::ScriptFileName}} \\',
    'python3 {{ACS::ScriptFileName|Ext("")}}',
    'python3 {{ACS::ScriptFileName|Ext("/../x")}}',
    'python3 {{ACS::ScriptFileName|Ext(".p y")}}',
    'python3 {{ACS::ScriptFileName|Ext(".py\')}}',
    'python3 {{ACS::ScriptFileName|Name(".py")}}',
    'python3 {{ACS::ScriptFileName|Ext(".py")}} {{ACS::ScriptFileName|Ext(".pl")}}',
    'python3 {{ACS::ScriptFileName}} {{ACS::InstanceId}}',
    'python3 {{acs::ScriptFileName}}',
  ])('%s is refused', (line) => {
    expect(kindOf(line)).toBe('command/launcher-malformed')
  })

  it('may be absent', () => {
    expect(parseLauncher('')).toBeUndefined()
  })
})
