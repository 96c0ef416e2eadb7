import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { processTerminal } from './terminal.js'

const terminalOf = (size: { readonly columns?: number; readonly rows?: number }) =>
  processTerminal({
    stdin: new PassThrough(),
    stdout: Object.assign(new PassThrough(), { isTTY: true, ...size }),
    stderr: new PassThrough(),
    env: {},
    cwd: () => '/',
  }).stdout

it.each([
  [{ columns: 132, rows: 50 }, [132, 50]],
  [{}, [80, 24]],
  // Such as one that a program opened and never gave a size.
  [{ columns: 0, rows: 0 }, [80, 24]],
])('a terminal of %o has the size %j', (size, told) => {
  const { columns, rows } = terminalOf(size)
  expect([columns, rows]).toEqual(told)
})
