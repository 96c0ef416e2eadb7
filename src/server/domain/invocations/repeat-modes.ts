// How often an invocation runs (api.md §5.4).

export const REPEAT_MODES = ['Once', 'Period', 'NextRebootOnly', 'EveryReboot', 'DryRun'] as const

export type RepeatMode = (typeof REPEAT_MODES)[number]

/** Answered as `Timed`, also when nothing is to come any more (api.md §5.4): it may run again, or later. */
export const isTimed = (mode: RepeatMode): boolean =>
  mode === 'Period' || mode === 'NextRebootOnly' || mode === 'EveryReboot'

/** Runs more than once: each run that is over is a row of its own (design §4). */
export const hasHistory = (mode: RepeatMode): boolean => mode === 'Period' || mode === 'EveryReboot'

/** The host need not be told before it starts the next time. */
export const waitsForReboot = (mode: RepeatMode): boolean => mode === 'NextRebootOnly' || mode === 'EveryReboot'
