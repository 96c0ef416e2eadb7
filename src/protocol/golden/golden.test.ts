import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatKick, formatKickAnswer, type Kick, parseKick, parseKickAnswer } from '../kick.js'
import { type Message, requestTarget } from '../message.js'
import { type MessageName, messages } from '../messages/index.js'
import type { QueryFields } from '../query.js'

// Exchanges of the vendor's agent: the server's side must read each request and write its answer, the agent's side must
// write the very same request and read the answer.

interface Exchange {
  readonly message: MessageName
  readonly target: string
  readonly query: Record<string, string | number | boolean>
  readonly body?: string
  readonly bodyValue?: unknown
  readonly output?: string
  readonly answer: string
  readonly answerValue: unknown
}

interface GoldenKick {
  readonly text: string
  readonly kick?: Kick
  readonly answer: string | null
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))

const files = readdirSync(new URL('.', import.meta.url)).filter(
  (name) => name.endsWith('.json') && name !== 'kicks.json',
)
const exchanges = files.flatMap((name) => (read(name) as { exchanges: Exchange[] }).exchanges)

const messageOf = (exchange: Exchange) =>
  messages[exchange.message] as unknown as Message<QueryFields, unknown, unknown>

describe('golden exchanges', () => {
  it.each(exchanges)('$target is read by the server', (exchange) => {
    const message = messageOf(exchange)
    const [path, query = ''] = exchange.target.split('?')
    expect(path).toBe(message.path)
    expect(message.query.decode(query)).toEqual({ ok: true, value: exchange.query })
    if (exchange.body !== undefined) {
      expect(message.body.kind).toBe('json')
      if (message.body.kind === 'json') {
        expect(Buffer.byteLength(exchange.body)).toBeLessThan(message.body.maxBytes)
        expect(message.body.codec.decode(exchange.body)).toEqual({ ok: true, value: exchange.bodyValue })
      }
    }
  })

  it.each(exchanges)('$target is written by the agent', (exchange) => {
    const message = messageOf(exchange)
    expect(requestTarget(message, exchange.query)).toBe(exchange.target)
    if (message.body.kind === 'json' && exchange.bodyValue !== undefined) {
      const written = message.body.codec.encode(exchange.bodyValue)
      expect(JSON.parse(written)).toEqual(JSON.parse(exchange.body ?? ''))
    }
  })

  it.each(exchanges)('the answer to $target is read by the agent and written by the server', (exchange) => {
    const { answer } = messageOf(exchange)
    expect(answer.decode(exchange.answer)).toEqual({ ok: true, value: exchange.answerValue })
    expect(answer.decode(answer.encode(exchange.answerValue))).toEqual({ ok: true, value: exchange.answerValue })
  })

  it('hold every message', () => {
    expect(new Set(exchanges.map((exchange) => exchange.message))).toEqual(new Set(Object.keys(messages)))
  })
})

describe('golden kicks', () => {
  const { kicks } = read('kicks.json') as { kicks: GoldenKick[] }

  it.each(kicks)('$text', ({ text, kick, answer }) => {
    expect(parseKick(text)).toEqual(kick)
    if (kick !== undefined) expect(formatKick(kick)).toBe(text)
    if (answer === null) return
    const parsed = parseKickAnswer(answer)
    expect(parsed?.kick).toBe(text)
    expect(parsed && formatKickAnswer(parsed.answer, parsed.kick)).toBe(answer)
  })
})
