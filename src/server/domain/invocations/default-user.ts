import type { CommandType } from '../commands/commands.js'

/**
 * The user that a script runs as when none is named: root, on Windows System (api.md §5.5). Names of Windows compare
 * without regard to case.
 */
export const isDefaultUser = (type: CommandType, username: string): boolean =>
  type === 'RunShellScript' ? username === 'root' : username.toLowerCase() === 'system'
