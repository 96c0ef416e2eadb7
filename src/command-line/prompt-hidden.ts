import { EXIT } from './exit-codes.js'
import { CommandFailure } from './failures.js'
import type { Terminal } from './terminal.js'

const ENTER = /[\r\n]/
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_U = '\u0015'
const ERASE = ['\u0008', '\u007f']

/**
 * Asks for a line that is not shown while it is typed. What a terminal pastes is taken up to its first line end.
 * @returns undefined when it was given up with Ctrl-D @throws CommandFailure when it was left with Ctrl-C
 */
export const promptHidden = async (
  question: string,
  { stdin, stderr }: Pick<Terminal, 'stdin' | 'stderr'>,
): Promise<string | undefined> => {
  stderr.write(question)
  stdin.setRawMode?.(true)
  stdin.resume()
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      let typed: string[] = []
      const leave = (): unknown => stdin.off('data', take).off('end', end).off('error', reject)
      const settle = (line: string | undefined): void => {
        leave()
        resolve(line)
      }
      const interrupt = (): void => {
        leave()
        reject(new CommandFailure('left by Ctrl-C.', { exitCode: EXIT.interrupted }))
      }
      const end = (): void => settle(undefined)
      const take = (chunk: Buffer | string): void => {
        for (const character of chunk.toString()) {
          if (ENTER.test(character)) return settle(typed.join(''))
          if (character === CTRL_C) return interrupt()
          if (character === CTRL_D && typed.length === 0) return settle(undefined)
          if (character === CTRL_U) typed = []
          else if (ERASE.includes(character)) typed.pop()
          else typed.push(character)
        }
      }
      stdin.on('data', take).on('end', end).on('error', reject)
    })
  } finally {
    stdin.setRawMode?.(false)
    stdin.pause()
    stderr.write('\n')
  }
}
