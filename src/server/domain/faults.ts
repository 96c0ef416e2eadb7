// Everything that can be wrong, in domain words. What the wire calls it is in the operations and in
// contract/common-errors.ts.

/** Kinds of faults that the domain raises. `subject/what`. */
export const FAULT_KINDS = [
  'activation/count-exceeded',
  'activation/description-too-long',
  'activation/quota-exceeded',
  'activation/address-range-malformed',
  'activation/name-malformed',
  'activation/name-too-long',
  'command/content-too-long',
  'command/content-not-base64',
  'command/in-use',
  'command/launcher-malformed',
  'command/not-found',
  'command/public',
  'command/quota-exceeded',
  'command-parameter/empty-name',
  'command-parameter/malformed-name',
  'command-parameter/name-too-long',
  'command-parameter/too-many',
  'frequency/missing',
  'frequency/not-possible',
  'idempotency/mismatch',
  'idempotency/processing',
  'instance/not-found',
  'instance/does-not-match-command',
  'instance/too-many',
  'invocation/agent-keeps-scripts',
  'invocation/agent-too-old',
  'invocation/not-found',
  'invocation/not-repeating',
  'invocation/over',
  'invocation/too-many-instances',
  'invocation/instance-not-found',
  'invocation/quota-exceeded',
  'operation/forbidden',
  'parameters/disabled',
  'parameters/duplicate',
  'parameters/malformed',
  'parameters/missing-value',
  'parameters/name-too-long',
  'parameters/not-matched',
  'parameters/too-many',
  'parameters/type-not-supported',
  'parameters/secret-not-valid',
  'resource/not-found',
  'invocation/instance-over',
  'rerun/nothing-to-run',
  'resource/not-taggable',
  'resource-tag/no-instance',
  'secret/exists',
  'secret/not-found',
  'secret/quota-exceeded',
  'output/too-large',
  'output-delivery/malformed',
  'output-delivery/no-store',
  'page/too-large',
  'page-token/malformed',
  'rollout/not-found',
  'rollout/not-once',
  'rollout/over',
  'store/unavailable',
  'tag/key-differs-in-case',
  'tag/too-many',
  'user/password-missing',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** Something wrong, in domain words. It never carries a status or a wire code. */
export class Fault extends Error {
  readonly kind: FaultKind
  /** Values for the `%s` of the wire's message, in order, such as the limit that was crossed. */
  readonly values: readonly (string | number)[]
  /** Which of what the caller sent it is, in a sentence for a person; of what the caller may know, and bounded (`someOf`). */
  readonly detail: string | undefined

  constructor(
    kind: FaultKind,
    values: readonly (string | number)[] = [],
    { detail, ...options }: ErrorOptions & { readonly detail?: string } = {},
  ) {
    super(kind, options)
    this.name = 'Fault'
    this.kind = kind
    this.values = values
    this.detail = detail
  }
}

/** Names that are told, and how much of each. */
const MOST_NAMES = 5
const LONGEST_NAME = 64

/** What a caller named, short enough to be told back, however much that was: `a, b and 3 more`. */
export const someOf = (names: readonly string[], most = MOST_NAMES): string => {
  const told = names
    .slice(0, most)
    .map((name) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name))
    .join(', ')
  return names.length > most ? `${told} and ${names.length - most} more` : told
}
