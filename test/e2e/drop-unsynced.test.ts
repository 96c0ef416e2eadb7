import { fork } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SqliteConnection } from '../../src/server/storage/sqlite/driver.js'
import { shadowGround } from '../load/ground.js'
import { killUnderLoad } from '../load/kill-rounds.js'
import { Chance } from '../load/random.js'
import { buildShim, canBuildShim, shimEnvironment } from '../shim/build-shim.js'

const WRITER = fileURLToPath(new URL('../../dist/test/shim/writer-process.js', import.meta.url))
/** Starts and their loads take seconds, minutes where many others compute. */
const LIMIT_MS = 5 * 60_000

const possible = canBuildShim()
if (!possible) console.log('Skipped: writes since the last fsync cannot be dropped here, g++ on Linux makes the shim.')

describe.skipIf(!possible)('what is left when every write since the last fsync is dropped', () => {
  let directory = ''
  let library = ''
  beforeAll(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'openassist-shim-')))
    library = buildShim(directory)
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  /** @returns the newest row that the program said was committed, and those that the shadow has */
  const writeAndCut = async (synchronous: string) => {
    const data = join(directory, `data-${synchronous}`)
    const shadow = join(directory, `shadow-${synchronous}`)
    mkdirSync(data)
    mkdirSync(shadow)
    const child = fork(WRITER, [join(data, 'file.sqlite'), synchronous], {
      execArgv: [],
      env: { PATH: process.env['PATH'] ?? '', ...shimEnvironment(library, data, shadow) },
    })
    let said = 0
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error('the writer ended by itself')))
      child.on('message', (number: number) => {
        said = number
        if (number >= 200) resolve()
      })
    })
    child.kill('SIGKILL')
    await ended
    // What a machine finds: the shadow, nothing else.
    const found = join(directory, `found-${synchronous}`)
    cpSync(shadow, found, { recursive: true })
    if (!existsSync(join(found, 'file.sqlite'))) return { said, rows: 0 }
    const connection = new SqliteConnection(join(found, 'file.sqlite'), [])
    try {
      const table = connection.getSync(`select 1 from sqlite_master where name = 'fact'`)
      const rows = table === undefined ? 0 : Number(connection.getSync('select count(*) as n from fact')?.['n'])
      return { said, rows }
    } finally {
      connection.close()
    }
  }

  it('is every row that a program with synchronous=full said was there', async () => {
    const { said, rows } = await writeAndCut('full')
    expect(rows).toBeGreaterThanOrEqual(said)
  })

  it('is less than what a program with synchronous=off said: the shim bites', async () => {
    const { said, rows } = await writeAndCut('off')
    expect(rows).toBeLessThan(said)
  })

  it('is less with synchronous=normal, too', async () => {
    const { said, rows } = await writeAndCut('normal')
    expect(rows).toBeLessThan(said)
  })

  it('is everything that a server acknowledged', { timeout: LIMIT_MS }, async () => {
    const ground = shadowGround(join(directory, 'server'), library)
    const result = await killUnderLoad(ground, { rounds: 3, hosts: 24, chance: Chance.fresh() })
    expect(result.wrong).toEqual([])
    expect(result.reports).toBeGreaterThan(0)
  })
})
