/** Leave to register hosts: an activation. */
export interface Permit {
  readonly activationId: string
  readonly activationCode: string
  /** How many hosts it is good for; a server allows at most 1,000. */
  readonly count: number
}

/** Activations that are there, or a function that gets them for so many hosts. */
export type PermitSource = readonly Permit[] | ((hosts: number) => Promise<readonly Permit[]>)

export interface Permits {
  /** One for one host. @throws Error when there is none left */
  take(): Promise<Permit>
}

export const openPermits = (source: PermitSource, hosts: number): Permits => {
  let asked: Promise<readonly Permit[]> | undefined
  let number = 0
  let taken = 0
  return {
    async take() {
      asked ??= typeof source === 'function' ? source(hosts) : Promise.resolve(source)
      const permits = await asked
      for (let permit = permits[number]; permit !== undefined; permit = permits[++number]) {
        if (taken < permit.count) {
          taken++
          return permit
        }
        taken = 0
      }
      throw new Error(`the activations are good for fewer than ${hosts} hosts.`)
    },
  }
}
