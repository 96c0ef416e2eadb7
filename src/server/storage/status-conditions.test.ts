import { expect, it } from 'vitest'
import { hasHistory } from '../domain/invocations/repeat-modes.js'
import { invocationStatus, legacyInvokeStatus, type StateCounts } from '../domain/invocations/roll-up.js'
import { STATE_CLASSES } from '../domain/invocations/task-states.js'
import { DIALECTS, openTestStore } from './_support.js'
import { STATUS_CONDITIONS } from './invocation-store.js'

const KINDS = [false, true].flatMap((stopped) =>
  (['Once', 'Period', 'NextRebootOnly', 'EveryReboot', 'DryRun'] as const).map((mode) => [stopped, mode] as const),
)

// Every mix of classes, with and without a stop, run once or repeated: the conditions must find what the roll-up tells (api.md §8.3, §8.4).
for (const dialect of DIALECTS) {
  it(`a filter by state finds what the roll-up tells, on ${dialect}`, async () => {
    await using store = await openTestStore(dialect)
    const wrong: unknown[] = []
    for (let mix = 1; mix < 1 << STATE_CLASSES.length; mix += 1) {
      for (const [stopped, mode] of KINDS) {
        const counts = Object.fromEntries(STATE_CLASSES.map((name, index) => [name, (mix >> index) & 1])) as StateCounts
        const told = new Set<string>([invocationStatus(counts), legacyInvokeStatus(counts, stopped, hasHistory(mode))])
        const columns = STATE_CLASSES.map((name) => `${counts[name]} as n_${name}`).join(', ')
        const checks = Object.entries(STATUS_CONDITIONS)
          .map(([name, condition]) => `case when ${condition} then 1 else 0 end as "${name}"`)
          .join(', ')
        const row = await store.database.reader.get(
          `select ${checks} from (select ${columns}, cast(${stopped ? '1' : 'null'} as bigint) as stopped_at, '${mode}' as repeat_mode) as i`,
        )
        for (const name of Object.keys(STATUS_CONDITIONS))
          if ((row?.[name] === 1) !== told.has(name)) wrong.push({ counts, stopped, mode, name, told: [...told] })
      }
    }
    expect(wrong).toEqual([])
  })
}
