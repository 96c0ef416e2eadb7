import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('./drop-unsynced.cpp', import.meta.url))

/** Whether the shim can be made here: Linux with g++. */
export const canBuildShim = (): boolean =>
  process.platform === 'linux' && spawnSync('g++', ['--version'], { stdio: 'ignore' }).status === 0

/** Compiles the shim into a directory. @returns what LD_PRELOAD is to name */
export const buildShim = (directory: string): string => {
  const library = join(directory, 'drop-unsynced.so')
  const flags = ['-std=c++17', '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC']
  const made = spawnSync('g++', [...flags, '-o', library, SOURCE, '-ldl'], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`g++ failed:\n${made.stderr}`)
  return library
}

/** What a process needs in its environment for its directory to be shadowed. */
export const shimEnvironment = (
  library: string,
  directory: string,
  shadow: string,
): Readonly<Record<string, string>> => ({
  LD_PRELOAD: library,
  SHIM_DIRECTORY: directory,
  SHIM_SHADOW: shadow,
  // Writes through io_uring would pass the shim by.
  UV_USE_IO_URING: '0',
})
