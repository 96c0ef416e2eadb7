/** The user that a script runs as when none is named: root on Linux, System on Windows (api.md §5.5). */
export const isDefaultUser = (username: string): boolean => /^(?:root|system)$/i.test(username)
