import { createRedactor, type Held, redactText } from '../../../redaction/redactor.js'
import type { Report } from '../invocations/agent-tasks.js'
import type { InvocationScript } from '../invocations/invocation-store.js'
import type { Writing } from '../unit-of-work.js'

type Use = Pick<InvocationScript, 'secrets' | 'invokeId'>

/**
 * What a task wrote, without the secrets that it was handed, also where one comes in two reports: what may be the
 * beginning of one is kept back, sealed, until the next.
 * @param isLast nothing more comes of this run
 */
export const hideInOutput = async (
  w: Writing,
  script: Use,
  instanceId: string,
  output: Uint8Array,
  isLast: boolean,
): Promise<Uint8Array> => {
  if (script.secrets === 'none') return output
  const { invokeId } = script
  const before = await w.secrets.heldOutput(invokeId, instanceId)
  const redactor = createRedactor(await w.secrets.handedOut(invokeId), before === undefined ? undefined : parse(before))
  const told = [redactor.write(output), ...(isLast ? [redactor.end()] : [])]
  const held = redactor.held()
  const after = held === undefined ? undefined : format(held)
  if (after !== before) await w.secrets.holdOutput(invokeId, instanceId, after)
  return Buffer.concat(told)
}

/** Another run begins: what was kept back of the one before is not of it. */
export const forgetHeld = async (w: Writing, script: Use, instanceId: string): Promise<void> => {
  if (script.secrets !== 'none') await w.secrets.holdOutput(script.invokeId, instanceId, undefined)
}

/** The whole output of a run that is told at once. */
export const hideInWhole = async (w: Writing, script: Use, output: Uint8Array): Promise<Uint8Array> => {
  if (script.secrets === 'none') return output
  const redactor = createRedactor(await w.secrets.handedOut(script.invokeId))
  return Buffer.concat([redactor.write(output), redactor.end()])
}

/** A report whose words, which are the agent's own, hold no secret. Its output is left as it is. */
export const hideInWords = async (w: Writing, script: Use, report: Report): Promise<Report> => {
  if (script.secrets === 'none' || (report.kind !== 'error' && report.kind !== 'invalid')) return report
  const secrets = await w.secrets.handedOut(script.invokeId)
  return report.kind === 'error'
    ? { ...report, errDesc: redactText(report.errDesc, secrets) }
    : { ...report, value: redactText(report.value, secrets) }
}

const format = ({ bytes, covered }: Held): string => `${covered}:${Buffer.from(bytes).toString('base64')}`

const parse = (text: string): Held => {
  const at = text.indexOf(':')
  return { covered: Number(text.slice(0, at)), bytes: Buffer.from(text.slice(at + 1), 'base64') }
}
