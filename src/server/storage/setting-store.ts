import type { Sealer } from './sealer.js'
import { bytesOf, type SqlDatabase } from './sql.js'

/** A secret setting of the server, by name. */
export const readSealedSetting = async (
  database: SqlDatabase,
  sealer: Sealer,
  name: string,
): Promise<string | undefined> => {
  const row = await database.reader.get('select sealed_value from setting where name = $1', [name])
  return row === undefined || row['sealed_value'] === null
    ? undefined
    : sealer.open(bytesOf(row['sealed_value']), `setting/${name}`)
}

/** @param keep true to leave a value that is there, as when two nodes start at once */
export const writeSealedSetting = async (
  database: SqlDatabase,
  sealer: Sealer,
  name: string,
  value: string,
  keep: boolean,
): Promise<void> => {
  const conflict = keep ? 'do nothing' : 'do update set sealed_value = excluded.sealed_value'
  await database.write((w) =>
    w.run(`insert into setting (name, value, sealed_value) values ($1, null, $2) on conflict (name) ${conflict}`, [
      name,
      sealer.seal(value, `setting/${name}`),
    ]),
  )
}
