import { describe, expect, it } from 'vitest'
import { nextStep } from '../domain/rollouts/next-step.js'
import { ROLLOUT_STATUSES } from '../domain/rollouts/rollouts.js'
import { addInvocation, DIALECTS, openTestStore, SCOPE } from './_support.js'

const NOW = 1_000
const CLASSES = ['waiting', 'queued', 'pending', 'success', 'failed'] as const

// What the sweep passes over is what has nothing to do: the SQL of it against the function that decides.
describe.each(DIALECTS)('open rollouts on %s', (dialect) => {
  it('are due wherever the next step is not a rest', { timeout: 60_000 }, async () => {
    await using store = await openTestStore(dialect)
    const { stores, database } = store
    const ids: string[] = []
    for (const maxConcurrency of [undefined, 1, 2]) {
      for (const stopAfterFailures of [undefined, 1]) {
        for (const status of ROLLOUT_STATUSES.slice(0, 4)) {
          for (const resumeAt of status === 'Paused' ? [undefined, NOW, NOW + 1] : [undefined]) {
            for (let mix = 0; mix < 1 << CLASSES.length; mix += 1) {
              const invokeId = `t-${ids.length.toString().padStart(5, '0')}`
              await addInvocation(stores, invokeId, [])
              await stores.write(async (w) => {
                const plan = { total: 9, waveEnds: [9], pauseBetweenWaves: undefined, queueUntil: undefined }
                const asked = { ...plan, maxConcurrency, stopAfterFailures }
                await w.rollouts.add(SCOPE, { ...asked, invokeId, kind: 'invocation', createdAt: 1 })
                await w.rollouts.change(invokeId, { status, reason: '', wave: 0, resumeAt, isOver: false }, 1)
              })
              const counts = CLASSES.map((name, index) => `n_${name} = ${(mix >> index) & 1}`).join(', ')
              await database.write((sql) => sql.run(`update invocation set ${counts} where id = $1`, [invokeId]))
              ids.push(invokeId)
            }
          }
        }
      }
    }
    const seen = new Map<string, boolean>()
    for (let after = ''; ; ) {
      const open = await stores.read.rollouts.open(after, 500, NOW)
      for (const { invokeId, isDue } of open) seen.set(invokeId, isDue)
      if (open.length < 500) break
      after = open.at(-1)?.invokeId ?? ''
    }
    expect([...seen.keys()]).toEqual(ids)
    for (const invokeId of ids) {
      const standing = await stores.read.rollouts.standing(invokeId, 'invocation')
      if (standing === undefined) throw new Error(invokeId)
      // Whether the current wave still waits is seen by the step itself.
      const inWave = standing.counts.waiting > 0 ? [true, false] : [false]
      const steps = inWave.map((waitsInWave) => nextStep({ ...standing, waitsInWave }, NOW).kind)
      const isDue = steps.some((kind) => kind !== 'rest')
      expect([standing, seen.get(invokeId)]).toEqual([standing, isDue])
    }
  })
})
