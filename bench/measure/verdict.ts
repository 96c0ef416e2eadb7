// How a bench tells what it found: one row for each row of the budget (design §8).

export interface Measurement {
  /** What was measured, in the words of the budget. */
  readonly what: string
  /** What is compared with `must` and `aim`. */
  readonly value: number
  /** `×` for a ratio, else `ms`, `MB`, `agents`, `s`. */
  readonly unit: string
  readonly must: number
  readonly aim: number
  /** `atLeast`: more is better. */
  readonly direction: 'atLeast' | 'atMost'
  readonly ours: string
  readonly floor: string
}

export const passes = ({ value, direction }: Measurement, limit: number): boolean =>
  direction === 'atLeast' ? value >= limit : value <= limit

/** Prints a row, and hands it to the program that runs the benches. */
export const tell = (measurement: Measurement): void => {
  const { what, value, unit, must, aim, direction, ours, floor } = measurement
  const verdict = passes(measurement, aim) ? 'PASS, aim reached' : passes(measurement, must) ? 'PASS' : 'MISS'
  const sign = direction === 'atLeast' ? '≥' : '≤'
  console.log(`\n${what}`)
  console.log(`  ours ${ours}`)
  console.log(`  floor ${floor}`)
  console.log(`  ${shown(value)} ${unit}   must ${sign} ${must}, aim ${sign} ${aim}   ${verdict}`)
  process.send?.({ measurement })
}

export const shown = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)

export const note = (text: string): void => console.log(`  ${text}`)

/** `--quick`: smaller sizes, for a look; its figures are not the budget's. */
export const isQuick = (): boolean => process.argv.includes('--quick')
