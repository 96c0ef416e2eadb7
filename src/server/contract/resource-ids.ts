// Relative ids of what an operation touches, for the permission check (rpc.md §4.3). They are asked for before the
// request was validated, so a required id may still be missing: then every one of its kind is meant.

export const instances = (ids: readonly string[] | undefined): readonly string[] =>
  ids === undefined || ids.length === 0 ? ['instance/*'] : [...new Set(ids)].map((id) => `instance/${id}`)

export const command = (id: string | undefined): readonly string[] => [`command/${id ?? '*'}`]

export const invocation = (id: string | undefined): readonly string[] => [`invocation/${id ?? '*'}`]
export const secret = (name: string | undefined): readonly string[] => [`secretparameter/${name ?? '*'}`]

export const activation = (id: string | undefined): readonly string[] => [`activation/${id ?? '*'}`]

/** Of a list of runs: what the request names, or everything when it names nothing. */
export const runs = (instanceId: string | undefined, commandId: string | undefined): readonly string[] => {
  const named = [
    ...(instanceId === undefined ? [] : [`instance/${instanceId}`]),
    ...(commandId === undefined ? [] : [`command/${commandId}`]),
  ]
  return named.length > 0 ? named : ['instance/*', 'command/*']
}

/** Of tags: each resource by the name of its type, those of a host by that of instances. */
export const tagged = (type: string | undefined, ids: readonly string[] | undefined): readonly string[] => {
  const kind = type === 'managedinstance' ? 'instance' : (type ?? '*')
  return ids === undefined || ids.length === 0 ? [`${kind}/*`] : [...new Set(ids)].map((id) => `${kind}/${id}`)
}
