import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { CommandFailure, UsageError } from './failures.js'
import { flag, integer, pairs, text, texts } from './options.js'
import { type Program, runProgram } from './run-program.js'
import { defineSubcommand } from './subcommand.js'
import type { Terminal } from './terminal.js'
import picocolors from 'picocolors'

const plain = picocolors.createColors(false)

/** Runs a line and tells all that came of it. */
const runLine = async (program: Program, argv: readonly string[], env: Record<string, string> = {}) => {
  let out = ''
  let err = ''
  const output = (write: (text: string) => void) => ({
    write,
    isTerminal: false,
    columns: 80,
    rows: 24,
    colours: plain,
  })
  const terminal: Terminal = {
    stdout: output((text) => {
      out += text
    }),
    stderr: output((text) => {
      err += text
    }),
    stdin: new PassThrough(),
    env,
    cwd: '/',
  }
  return { code: await runProgram(program, argv, terminal), out, err }
}

const greet = defineSubcommand({
  name: 'greet',
  summary: 'greets people',
  description: ['Says hello to everybody who is named, as often as it is told to, and never to anybody else at all.'],
  positionals: [{ name: 'NAME', about: 'who is greeted', many: true }],
  rest: { name: 'WORD', about: 'what is said' },
  options: {
    times: integer('How often.', { min: 1, max: 9, default: 1, short: 'n' }),
    tone: text('How it sounds.', { oneOf: ['warm', 'cold'], default: 'warm', env: 'GREET_TONE' }),
    title: texts('Put before the name.'),
    loud: flag('In capitals.', { env: 'GREET_LOUD' }),
    tag: pairs('Labels.', { group: 'Labels' }),
    signature: text('Who greets.', { env: 'GREET_SIGNATURE' }),
  },
  examples: [{ about: 'Twice', line: 'demo greet --times 2 Ann' }],
  exitCodes: [{ code: 3, about: 'Nobody was there.' }],
  run: async ({ options, words, rest, terminal }) => {
    // The types are inferred: these lines would not compile otherwise.
    const times: number = options.times
    const tone: 'warm' | 'cold' = options.tone
    const signature: string | undefined = options.signature
    terminal.stdout.write(`${JSON.stringify({ ...options, times, tone, signature, words, rest })}\n`)
    return 0
  },
})

class Refusal extends CommandFailure {
  override readonly code: string = 'Forbidden'
  override readonly requestId: string = 'r-1'
}

const failing = defineSubcommand({
  name: 'door open',
  summary: 'opens a door',
  options: { how: text('How it goes.'), output: text('For whom.', { oneOf: ['text', 'json'] }) },
  run: async ({ options, terminal }) => {
    if (options.how === 'begun') terminal.stdout.write('{}\n')
    if (options.how === 'refused') throw new Refusal('it is not for you')
    if (options.how === 'usage') throw new UsageError('that is not how')
    if (options.how === 'bug') throw new TypeError('boom')
    throw new CommandFailure('the door is locked', { exitCode: 4, advice: ['Find the key.'] })
  },
})

const program: Program = {
  name: 'demo',
  version: '1.2.3',
  summary: 'shows the argument language',
  epilogue: [],
  entries: [
    { name: 'greet', group: 'People', load: async () => greet },
    { name: 'door open', group: 'Doors', load: async () => failing },
  ],
  alias: (words) => (/^[A-Z]/.test(words[0] ?? '') ? ['greet', ...words] : undefined),
}

const valuesOf = async (...argv: string[]) => {
  const { code, out, err } = await runLine(program, ['greet', ...argv])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as Record<string, unknown>
}

const mistake = async (...argv: string[]) => {
  const { code, out, err } = await runLine(program, ['greet', ...argv])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('Help: demo greet --help')
  return err.split('\n')[0]
}

describe('the values of a command line', () => {
  it('are typed, with defaults for what is absent', async () => {
    expect(await valuesOf('Ann')).toEqual({
      times: 1,
      tone: 'warm',
      title: [],
      loud: false,
      tag: [],
      words: ['Ann'],
    })
  })

  it('may be given apart or with =, by letter, several times, and in any order with words', async () => {
    expect(await valuesOf('-n', '3', 'Ann', '--tone=cold', '--title', 'Dr', 'Bob', '--title=Prof', '--loud')).toEqual({
      times: 3,
      tone: 'cold',
      title: ['Dr', 'Prof'],
      loud: true,
      tag: [],
      words: ['Ann', 'Bob'],
    })
  })

  it('keep everything after -- as it is', async () => {
    expect(await valuesOf('Ann', '--', '--loud', '-n', '--', '--help')).toMatchObject({
      loud: false,
      words: ['Ann'],
      rest: ['--loud', '-n', '--', '--help'],
    })
  })

  it('split pairs at the first equals sign', async () => {
    expect(await valuesOf('Ann', '--tag', 'a=b=c', '--tag', 'only', '--tag=empty=')).toMatchObject({
      tag: [{ name: 'a', value: 'b=c' }, { name: 'only' }, { name: 'empty', value: '' }],
    })
  })

  it('come from the environment when the option is absent, and an empty variable counts as none', async () => {
    const env = { GREET_TONE: 'cold', GREET_LOUD: 'yes', GREET_SIGNATURE: '' }
    const { out } = await runLine(program, ['greet', 'Ann', '--tone', 'warm'], env)
    expect(JSON.parse(out)).toMatchObject({ tone: 'warm', loud: true })
    const { out: second } = await runLine(program, ['greet', 'Ann'], env)
    expect(JSON.parse(second)).toMatchObject({ tone: 'cold' })
    expect(JSON.parse(second)).not.toHaveProperty('signature')
  })
})

describe('a failure where programs read', () => {
  it.each([
    ['refused', 1, { error: { message: 'it is not for you', code: 'Forbidden', requestId: 'r-1' } }],
    ['locked', 4, { error: { message: 'the door is locked', advice: ['Find the key.'] } }],
    ['usage', 2, { error: { message: 'that is not how' } }],
    ['begun', 4, {}],
  ])('is JSON on stdout, beside what people are told: %s', async (how, code, told) => {
    const ran = await runLine(program, ['door', 'open', '--how', how, '--output', 'json'])
    expect(ran.code).toBe(code)
    expect(JSON.parse(ran.out)).toEqual(told)
    expect(ran.err).not.toBe('')
    expect((await runLine(program, ['door', 'open', '--how', how])).out).toBe(how === 'begun' ? '{}\n' : '')
  })
})

describe('a mistake on the command line', () => {
  it('names the option and what was probably meant', async () => {
    expect(await mistake('Ann', '--tmies', '3')).toBe('demo greet: unknown option --tmies. Did you mean --times?')
  })

  it('says how to pass an option on', async () => {
    expect(await mistake('Ann', '-x')).toBe(
      'demo greet: unknown option -x. If it belongs to the WORD, write -- before the WORD.',
    )
  })

  it('says what the value must be', async () => {
    expect(await mistake('Ann', '--times', '10')).toBe('demo greet: --times is 10, and must be from 1 to 9.')
    expect(await mistake('Ann', '--times=1e3')).toBe('demo greet: --times is 1e3, and must be a whole number.')
    expect(await mistake('Ann', '--tone', 'wram')).toBe(
      'demo greet: --tone is wram, and can be warm, cold. Did you mean warm?',
    )
    expect(await mistake('Ann', '--tag', '=x')).toBe('demo greet: --tag is =x, and must look like name=value.')
    expect(await mistake('Ann', '--signature', '')).toBe('demo greet: --signature is empty.')
  })

  it('sees a forgotten value, a value too much, a repetition and a missing word', async () => {
    expect(await mistake('Ann', '--times')).toBe('demo greet: --times needs a value.')
    expect(await mistake('Ann', '--signature', '--loud')).toContain('--loud looks like an option')
    expect(await mistake('Ann', '--loud=1')).toBe('demo greet: --loud takes no value.')
    expect(await mistake('Ann', '--times', '1', '--times', '2')).toBe('demo greet: --times is given 2 times.')
    expect(await mistake()).toBe('demo greet: NAME is missing: who is greeted')
  })

  it('is told with its control characters escaped', async () => {
    expect(await mistake('Ann', '--\u001b[31mred')).toContain('unknown option --\\x1b[31mred')
  })

  it('in the environment names the variable', async () => {
    const { code, err } = await runLine(program, ['greet', 'Ann'], { GREET_LOUD: 'maybe' })
    expect({ code, first: err.split('\n')[0] }).toEqual({
      code: 2,
      first: 'demo greet: GREET_LOUD is maybe, and can be true or false.',
    })
  })
})

describe('the program', () => {
  it('shows what there is, on stdout when asked and on stderr with status 2 when not', async () => {
    const asked = await runLine(program, ['--help'])
    expect(asked).toMatchObject({ code: 0, err: '' })
    expect(asked.out).toContain('greets people')
    expect(asked.out).toContain('door open')
    expect(await runLine(program, [])).toMatchObject({ code: 2, out: '' })
  })

  it('tells its version', async () => {
    expect(await runLine(program, ['--version'])).toEqual({ code: 0, out: '1.2.3\n', err: '' })
  })

  it('knows what was probably meant by an unknown subcommand', async () => {
    expect(await runLine(program, ['gret'])).toEqual({
      code: 2,
      out: '',
      err: 'demo: unknown subcommand gret. Did you mean greet?\nHelp: demo --help\n',
    })
    expect((await runLine(program, ['door', 'opne'])).err).toBe(
      'demo: door has no subcommand opne. Did you mean door open?\nHelp: demo door --help\n',
    )
    expect((await runLine(program, ['doors', 'open'])).err).toContain('unknown subcommand doors. Did you mean door?')
  })

  it('lists what is below the first word of a longer name', async () => {
    const { code, out } = await runLine(program, ['door', '--help'])
    expect(code).toBe(0)
    expect(out).toContain('opens a door')
    expect(out).not.toContain('greets')
  })

  it('reads other words for a subcommand', async () => {
    const { out } = await runLine(program, ['Ann', '--loud'])
    expect(JSON.parse(out)).toMatchObject({ words: ['Ann'], loud: true })
  })

  it('tells an expected failure in a sentence with advice, and a bug with its stack', async () => {
    expect(await runLine(program, ['door', 'open'])).toEqual({
      code: 4,
      out: '',
      err: 'demo: the door is locked\n  Find the key.\n',
    })
    const bug = await runLine(program, ['door', 'open', '--how', 'bug'])
    expect(bug.code).toBe(1)
    expect(bug.err).toMatch(/TypeError: boom\n +at /)
    expect((await runLine(program, ['door', 'open', '--how=usage'])).code).toBe(2)
  })
})

describe('the help of a subcommand', () => {
  it('says everything that was declared, wrapped, and wins over mistakes on the line', async () => {
    const { code, out } = await runLine(program, ['greet', '--nonsense', '--help'])
    expect(code).toBe(0)
    expect(out).toBe(`demo greet: greets people

Says hello to everybody who is named, as often as it is told to, and never to
anybody else at all.

Usage
  demo greet [options] NAME… -- WORD…

Words
  NAME  who is greeted
  WORD  what is said

Options
  -n, --times NUMBER  How often. (default 1)
  --tone TEXT         How it sounds. (one of warm, cold; default warm; or
                      GREET_TONE)
  --title TEXT        Put before the name. (may be repeated)
  --loud              In capitals. (or GREET_LOUD)
  --signature TEXT    Who greets. (or GREET_SIGNATURE)
  -h, --help          Show this help.

Labels
  --tag NAME=VALUE  Labels. (may be repeated)

Examples
  # Twice
  demo greet --times 2 Ann

Exit status
  0  It worked.
  1  It failed; the message says why.
  2  The command line is wrong; nothing was done.
  3  Nobody was there.
`)
  })
})
