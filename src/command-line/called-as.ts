import { join } from 'node:path'
import { packageRoot } from './package-root.js'

/** The file that starts the program. */
export const BIN = join(packageRoot(import.meta.url), 'bin', 'openassist')

/** The program in a line that a person in this folder can type: in a clone of its own, it is not on the PATH. */
export const calledAs = (cwd: string): string =>
  join(cwd, 'bin', 'openassist') === BIN ? 'bin/openassist' : 'openassist'
