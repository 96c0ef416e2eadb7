import { invalid } from './refusal.js'

// `{{ACS::Name}}`, blanks and line breaks allowed inside (agent-protocol.md §6.4). The script is bytes of any encoding, so
// it is searched as single bytes; values go in as UTF-8.

const PLACEHOLDER = /\{\{\s*ACS\s*::\s*([\w.-]+)\s*\}\}/g
/** References to a parameter store; a server resolves them before it hands a task out. */
const STORE_REFERENCE = /\{\{ *oos(?:-secret)?:[^{}]*\}\}/

/** @throws TaskRefusal for a name that nobody gave a value */
export const fillBuiltInParameters = (script: Buffer, values: ReadonlyMap<string, string>): Buffer => {
  const text = script.toString('latin1')
  if (STORE_REFERENCE.test(text)) {
    throw invalid(
      'ParameterStoreNotAccessible',
      'This agent has no parameter store; its server resolves such references',
    )
  }
  const filled = text.replace(PLACEHOLDER, (_whole, name: string) => {
    const value = values.get(name)
    if (value === undefined)
      throw invalid('InvalidEnvironmentParameter', `The environment parameter ${name} is invalid`)
    return Buffer.from(value).toString('latin1')
  })
  return Buffer.from(filled, 'latin1')
}
