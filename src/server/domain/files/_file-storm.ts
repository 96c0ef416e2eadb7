import { expect, it } from 'vitest'
import { inconsistencies } from '../../../../test/load/inconsistencies.js'
import { CALLER, SCOPE, type World } from '../_support.js'
import type { FileReport } from './agent-files.js'
import type { FileResult } from './files.js'

// Random sends to random hosts whose answers and reports get lost, come late or twice, whose agents and whose server die.
// The hosts of the test know what they did; the server must never tell anything else, only that it does not know.

const STEPS = 400

/** Numbers that look random and are the same for the same seed. */
const numbersFrom = (seed: number): ((below: number) => number) => {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

class Host {
  readonly id: string
  pid = 100
  /** What there is on its disk: the send that wrote a name, or `before` for what was there already. */
  readonly disk = new Map<string, string>()
  /** Reports that were made and did not arrive yet, oldest first. */
  readonly reports: FileReport[] = []

  constructor(id: string) {
    this.id = id
  }

  /** As an agent that forgets what it did: it writes unless the name is taken. */
  take({ taskId, name }: { readonly taskId: string; readonly name: string }): void {
    if (this.disk.has(name)) {
      this.reports.push({ kind: 'invalid', taskId, param: 'FileExist', value: name })
    } else {
      this.disk.set(name, taskId)
      this.reports.push({ kind: 'finish', taskId, code: 0 })
    }
  }
}

/** What the server tells of one host, in the light of what that host knows. */
const isTrue = (host: Host, invokeId: string, name: string, { status, errorCode }: FileResult): boolean => {
  const wrote = host.disk.get(name) === invokeId
  if (status === 'Success') return wrote
  if (status === 'Invalid') return errorCode === 'FileAlreadyExists' && !wrote
  // Never handed out, so never written.
  if (status === 'Aborted' || status === 'Pending') return !wrote
  return status === 'Running' || status === 'Error' || status === 'Timeout'
}

export const fileStorm = (openWorld: () => Promise<World>, seeds: readonly number[]): void => {
  it.each(seeds)('whatever gets lost, nothing false is told of a file (seed %s)', async (seed) => {
    const below = numbersFrom(seed)
    let world = await openWorld()
    try {
      const hosts = [new Host(await world.host()), new Host(await world.host()), new Host(await world.host())]
      const sends = new Map<string, string>()
      const pick = (): Host => hosts[below(hosts.length)] ?? new Host('')
      const beatAll = async (): Promise<void> => {
        for (const host of hosts) await world.beat(host.id, { pid: host.pid })
      }
      const send = async (): Promise<void> => {
        const name = `file-${below(200)}`
        for (const host of hosts) if (below(6) === 0 && !host.disk.has(name)) host.disk.set(name, 'before')
        const options = { description: '', targetDir: '/srv', contentType: 'PlainText' } as const
        const owned = { owner: 'root', group: 'root', mode: '0644', overwrite: false }
        const file = { ...options, ...owned, name, content: Buffer.from('text') }
        const instanceIds = [...new Set([pick().id, pick().id])]
        const request = { instanceIds, timeoutSeconds: 10 + below(60), resourceGroupId: '', tags: [] }
        sends.set((await world.parts.domain.files.send(SCOPE, CALLER, file, request, undefined)).invokeId, name)
      }
      const fetch = async (): Promise<void> => {
        const host = pick()
        const files = await world.parts.files.fetch(host.id)
        // One answer in four is lost on its way.
        if (below(4) > 0) for (const file of files) host.take(file)
      }
      const report = async (): Promise<void> => {
        const host = pick()
        const [next] = host.reports
        if (next === undefined) return
        // One in four is lost, one in four comes again later.
        const fate = below(4)
        if (fate > 0) await world.parts.files.report(host.id, next)
        if (fate < 3) host.reports.shift()
      }
      for (let step = 0; step < STEPS; step += 1) {
        const what = below(20)
        if (what < 5) await send()
        else if (what < 10) await fetch()
        else if (what < 15) await report()
        else if (what < 17) world.pass(below(20_000))
        else if (what === 17) await world.parts.sweeps.expireNow()
        else if (what === 18) {
          const host = pick()
          host.pid += 1
          world.pass(1)
          await world.beat(host.id, { pid: host.pid })
        } else if (below(5) === 0) world = await world.restart(below(30_000))
        world.pass(1)
        await beatAll()
      }
      for (;;) {
        world.pass(200_000)
        await beatAll()
        if ((await world.parts.sweeps.expireNow()) === 0) break
      }
      const lies: unknown[] = []
      const open: unknown[] = []
      let told = 0
      for (const [invokeId, name] of sends) {
        const page = { style: 'number', number: 1, size: 10 } as const
        const [found] = (await world.parts.domain.files.results(SCOPE, { invokeId }, page)).items
        for (const result of found?.results ?? []) {
          told += 1
          const host = hosts.find(({ id }) => id === result.instanceId)
          if (host === undefined || !isTrue(host, invokeId, name, result)) lies.push({ invokeId, name, result })
          if (result.status === 'Pending' || result.status === 'Running') open.push({ invokeId, result })
        }
      }
      expect(told).toBeGreaterThan(50)
      expect({ lies, open }).toEqual({ lies: [], open: [] })
      expect(await inconsistencies(world.parts.database.reader)).toEqual([])
    } finally {
      await world[Symbol.asyncDispose]()
    }
  })
}
