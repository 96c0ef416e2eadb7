import { escapeControl } from '../../command-line/escape-control.js'
import { cutToWidth, displayWidth, padToWidth } from './display-width.js'

export interface Column<R> {
  readonly title: string
  /** The cell's text; control characters in it are escaped here. */
  readonly text: (row: R) => string
  /** Wraps the padded cell, for colour. */
  readonly paint?: (cell: string, row: R) => string
  readonly align?: 'left' | 'right'
  /** Longer texts are cut, however much room there is. */
  readonly maxWidth?: number
}

/**
 * The rows in columns, the titles above; a line without its end per row. Nothing is cut to fit the screen: a line that
 * is too long wraps, and can still be copied.
 */
export const table = <R>(
  rows: readonly R[],
  columns: readonly Column<R>[],
  paintTitle: (text: string) => string = (title) => title,
): readonly string[] => {
  const cells = rows.map((row) =>
    columns.map(({ text, maxWidth }) => cutToWidth(escapeControl(text(row)), maxWidth ?? Number.POSITIVE_INFINITY)),
  )
  const widths = columns.map(({ title }, index) =>
    cells.reduce((width, row) => Math.max(width, displayWidth(row[index] ?? '')), title.length),
  )
  const line = (texts: readonly string[], paint: (padded: string, index: number) => string): string =>
    texts
      .map((text, index) => {
        const isLast = index === texts.length - 1
        const align = columns[index]?.align ?? 'left'
        return paint(isLast && align === 'left' ? text : padToWidth(text, widths[index] ?? 0, align), index)
      })
      .join('  ')
  return [
    line(
      columns.map(({ title }) => title),
      paintTitle,
    ),
    ...rows.map((row, at) => line(cells[at] ?? [], (padded, index) => columns[index]?.paint?.(padded, row) ?? padded)),
  ]
}
