import { describe, expect, it } from 'vitest'
import { createCounterBoard } from './counters.js'
import { parseAnswer } from './http-wire.js'
import { readFrame, writeFrame } from './notify-wire.js'
import { decideOutcome, type SimulatedTask } from './outcome.js'
import { openPermits } from './permits.js'
import { startTimerWheel } from './timer-wheel.js'

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'))

/** What a reader makes of bytes that arrive one by one, for each length. */
const piecewise = <T>(whole: Buffer, read: (piece: Buffer) => T): T[] =>
  Array.from({ length: whole.length }, (_, length) => read(whole.subarray(0, length)))

describe('an answer', () => {
  it('is read when it is whole, with a length or in chunks', () => {
    const sized = bytes('HTTP/1.1 200 OK\nContent-Length: 5\n\nhello')
    const chunked = bytes('HTTP/1.1 404 No\ntransfer-encoding: chunked\nConnection: close\n\n2\nhe\n3;x=y\nllo\n0\n\n')
    expect(parseAnswer(sized)).toEqual({ status: 200, body: 'hello', isKept: true })
    expect(parseAnswer(chunked)).toEqual({ status: 404, body: 'hello', isKept: false })
    for (const whole of [sized, chunked]) {
      expect(new Set(piecewise(whole, parseAnswer))).toEqual(new Set([undefined]))
    }
  })

  it('that is none breaks the connection', () => {
    expect(parseAnswer(bytes('SSH-2.0-x\n\n'))).toBe('broken')
    expect(parseAnswer(bytes('HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\nzz\n'))).toBe('broken')
  })
})

describe('a frame', () => {
  it('of a server is read when it is whole', () => {
    const short = Buffer.from([0x81, 2, 0x68, 0x69])
    const long = Buffer.concat([Buffer.from([0x82, 126, 0, 200]), Buffer.alloc(200, 'x')])
    expect(readFrame(Buffer.concat([short, long]))).toMatchObject({ opcode: 1, size: 4, payload: Buffer.from('hi') })
    expect(readFrame(long)).toMatchObject({ opcode: 2, size: 204 })
    for (const whole of [short, long]) expect(new Set(piecewise(whole, readFrame))).toEqual(new Set([undefined]))
  })

  it('that is masked, fragmented or long is refused', () => {
    for (const head of [
      [0x81, 0x82],
      [0x01, 1],
      [0x81, 127],
      [0x81, 126, 0xff, 0xff],
    ]) {
      expect(readFrame(Buffer.from(head))).toBe('broken')
    }
  })

  it('of a client is masked, and can be read again', () => {
    for (const length of [0, 1, 125, 126, 1_000]) {
      const payload = Buffer.alloc(length, 'kick')
      const frame = writeFrame(1, payload)
      const start = length < 126 ? 2 : 4
      expect(frame[1]! & 0x80).toBe(0x80)
      const mask = frame.subarray(start, start + 4)
      const read = frame.subarray(start + 4).map((byte, index) => byte ^ mask[index % 4]!)
      expect(Buffer.from(read)).toEqual(payload)
    }
  })
})

describe('permits', () => {
  it('are good for as many hosts as they say, one after the other', async () => {
    const permits = openPermits(
      [
        { activationId: 'a', activationCode: '1', count: 2 },
        { activationId: 'b', activationCode: '2', count: 1 },
      ],
      4,
    )
    const ids = [await permits.take(), await permits.take(), await permits.take()].map((permit) => permit.activationId)
    expect(ids).toEqual(['a', 'a', 'b'])
    await expect(permits.take()).rejects.toThrow('fewer than 4 hosts')
  })
})

describe('an outcome', () => {
  const task: SimulatedTask = {
    instanceId: 'mi-1',
    host: 1,
    taskId: 't-1',
    commandName: '',
    timeoutMs: 60_000,
    script: () => 'true',
  }

  it('fails below the rate only', () => {
    const at = (random: number) => decideOutcome(task, { failRate: 0.25 }, () => random).exitCode
    expect([at(0), at(0.2499), at(0.25), at(0.99)]).toEqual([1, 1, 0, 0])
  })

  it('has what was asked for, or a line of its own', () => {
    const bytesOut = Buffer.from([0, 255])
    expect(decideOutcome(task, {}).output.toString()).toBe('simulated on mi-1\n')
    expect(decideOutcome(task, { output: bytesOut, delayMs: () => 7, exitCode: 3 })).toEqual({
      delayMs: 7,
      output: bytesOut,
      exitCode: 3,
    })
  })
})

describe('the wheel of timers', () => {
  it('runs each act once, in the order of their times', async () => {
    const wheel = startTimerWheel()
    const ran: string[] = []
    await new Promise<void>((resolve) => {
      wheel.after(400, () => {
        ran.push('late')
        resolve()
      })
      wheel.after(1, () => ran.push('early'))
      wheel.after(200, () => ran.push('between'))
    })
    wheel.stop()
    expect(ran).toEqual(['early', 'between', 'late'])
  })
})

describe('counters', () => {
  it('let who waits for them go on, or say what they are when it takes too long', async () => {
    const board = createCounterBoard()
    const waiting = board.until(({ beats }) => beats === 2, 10_000)
    board.add('beats')
    board.add('beats')
    await waiting
    board.fail('503: /x')
    await expect(board.until(({ beats }) => beats === 3, 1)).rejects.toThrow(/"beats":2.*"503: \/x":1/)
    const cut = board.until(() => false, 10_000)
    board.close()
    await expect(cut).rejects.toThrow('stopped')
  })
})
