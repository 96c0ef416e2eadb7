// Large data is made once and kept: seeding a million instances takes a minute.
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { cp } from 'node:fs/promises'
import { constants } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrationFolder } from '../../src/server/storage/migrate.js'

export const dataRoot = (): string => {
  const root = process.env['OPENASSIST_BENCH_DATA'] ?? join(tmpdir(), 'openassist-bench')
  mkdirSync(root, { recursive: true, mode: 0o700 })
  return root
}

/** Data made for another schema is not used. */
const schemaHash = (): string => {
  const hash = createHash('sha256')
  for (const file of readdirSync(migrationFolder('sqlite')).sort())
    hash.update(readFileSync(new URL(file, migrationFolder('sqlite'))))
  return hash.digest('hex').slice(0, 12)
}

/** A directory of this name, filled by `fill` unless it is there already. */
export const kept = async (name: string, fill: (directory: string) => Promise<void>): Promise<string> => {
  const directory = join(dataRoot(), `${name}-${schemaHash()}`)
  if (existsSync(join(directory, 'complete'))) return directory
  rmSync(directory, { recursive: true, force: true })
  const unfinished = `${directory}.${process.pid}`
  mkdirSync(unfinished, { recursive: true, mode: 0o700 })
  console.log(`making ${name} in ${directory}; it is kept for the next run`)
  await fill(unfinished)
  writeFileSync(join(unfinished, 'complete'), '')
  try {
    renameSync(unfinished, directory)
  } catch (cause) {
    // Another bench has made the same meanwhile.
    drop(unfinished)
    if (!existsSync(join(directory, 'complete'))) throw cause
  }
  return directory
}

/** A copy to be changed. Remove it with `drop`. */
export const copyOf = async (directory: string): Promise<string> => {
  const copy = scratch()
  await cp(directory, copy, { recursive: true, mode: constants.COPYFILE_FICLONE })
  return copy
}

export const scratch = (): string => mkdtempSync(join(dataRoot(), 'run-'))

export const drop = (directory: string): void => rmSync(directory, { recursive: true, force: true })
