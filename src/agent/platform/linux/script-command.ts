/**
 * Runs a script as the kernel would from its first line, but needs neither an executable file nor a file system that
 * allows execution. Without a first line it is a script for `sh`. The inner `exec` keeps the process that was started,
 * and lets `sh` say in its own words, with its own exit status, when the interpreter is not there.
 */
export const scriptCommand = (scriptPath: string, firstLine: string): { file: string; args: string[] } =>
  launchCommand([...interpreter(firstLine), scriptPath])

/** Runs a program with arguments, in the same way. */
export const launchCommand = (words: readonly string[]): { file: string; args: string[] } => ({
  file: '/bin/sh',
  args: ['-c', 'exec "$0" "$@"', ...words],
})

/** As Linux reads it: the interpreter, and all that follows as one argument. */
export const interpreter = (firstLine: string): string[] => {
  const match = /^#![ \t]*([^ \t]+)[ \t]*(.*?)[ \t]*$/s.exec(firstLine)
  if (match === null) return ['/bin/sh']
  const [, program = '', argument = ''] = match
  return argument === '' ? [program] : [program, argument]
}
