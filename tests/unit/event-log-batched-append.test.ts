import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TributaryError } from '../../src/errors.ts'
import { BatchedAppend, type BatchedAppendOptions } from '../../src/event-log/batched-append.ts'
import type { EventLogBatch, EventLogRow } from '../../src/event-log/event-log-batch.ts'

/** A log whose appends end when the test says so. */
class SlowLog {
  readonly batches: number[][] = []
  #answers: PromiseWithResolvers<void>[] = []

  append(batch: EventLogBatch): Promise<void> {
    this.batches.push(offsetsOf(batch))
    const answer = Promise.withResolvers<void>()
    this.#answers.push(answer)
    return answer.promise
  }

  async succeed(): Promise<void> {
    this.#answers.shift()!.resolve()
    await new Promise(process.nextTick)
  }

  async fail(error: Error): Promise<void> {
    this.#answers.shift()!.reject(error)
    await new Promise(process.nextTick)
  }
}

function offsetsOf({ tables }: EventLogBatch): number[] {
  const lines = Object.values(tables).flatMap(({ text }) => text.toString().split('\n').slice(0, -1))
  return lines.map((line) => JSON.parse(line)[2])
}

const away = new TributaryError('UNAVAILABLE', 'the server is away')
const broken = new TributaryError('INTERNAL', 'a bug')

const rows = (...offsets: number[]): EventLogRow[] =>
  offsets.map((offset) => {
    const event = { eventId: 'e', userId: 'u', itemId: 'i', kind: 'like', at: 1 } as const
    return { topic: 'ratings', partition: 0, offset, event }
  })

describe('appending in batches', () => {
  let log: SlowLog

  beforeEach(() => {
    vi.useFakeTimers()
    log = new SlowLog()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  const start = (options: BatchedAppendOptions = {}) => {
    const appends = new BatchedAppend(log, { maxBatchRows: 4, maxDelayMs: 100, ...options })
    appends.failed.catch(() => {})
    return appends
  }

  it('appends as soon as a batch is full', async () => {
    const appends = start()
    await appends.add(rows(0, 1, 2))
    expect(log.batches).toEqual([])
    await appends.add(rows(3))
    expect(log.batches).toEqual([[0, 1, 2, 3]])
    expect(appends).toMatchObject({ rows: 0, pending: 4 })
    await log.succeed()
    expect(appends).toMatchObject({ rows: 4, pending: 0 })
  })

  it('appends a batch that is not full when its oldest row has waited long enough', async () => {
    const appends = start()
    await appends.add(rows(0))
    await vi.advanceTimersByTimeAsync(60)
    await appends.add(rows(1))
    await vi.advanceTimersByTimeAsync(39)
    expect(log.batches).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(log.batches).toEqual([[0, 1]])
    await log.succeed()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(log.batches).toHaveLength(1)
  })

  it('gathers the next batch during an append and starts no second one', async () => {
    const appends = start()
    await appends.add(rows(0, 1, 2, 3))
    await appends.add(rows(4, 5, 6, 7))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(log.batches).toEqual([[0, 1, 2, 3]])
    await log.succeed()
    expect(log.batches).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ])
  })

  it('appends at once after an append during which rows have waited long enough', async () => {
    const appends = start()
    await appends.add(rows(0, 1, 2, 3))
    await appends.add(rows(4))
    await vi.advanceTimersByTimeAsync(500)
    await log.succeed()
    expect(log.batches).toEqual([[0, 1, 2, 3], [4]])
  })

  it('makes those wait who add to a full batch, and takes them in their order', async () => {
    const appends = start()
    const taken: string[] = []
    await appends.add(rows(0, 1, 2, 3))
    await appends.add(rows(4, 5, 6, 7))
    void appends.add(rows(8, 9, 10, 11)).then(() => taken.push('first'))
    void appends.add(rows(12)).then(() => taken.push('second'))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(taken).toEqual([])
    await log.succeed()
    expect(taken).toEqual(['first'])
    await log.succeed()
    expect(taken).toEqual(['first', 'second'])
    expect(log.batches.flat()).toEqual(Array.from({ length: 12 }, (_, n) => n))
  })

  it('appends as soon as a batch has many bytes, however few rows that are', async () => {
    const appends = start({ maxBatchRows: 100, maxBatchBytes: 1_000 })
    const items = Array.from({ length: 40 }, () => ({ itemId: 'i'.repeat(20), score: 1, sources: [] }))
    const event = { requestId: 'r', userId: 'u', at: 1, release: 'live', items }
    await appends.add(rows(0))
    await appends.add([{ topic: 'impressions', partition: 0, offset: 1, event }])
    expect(log.batches).toEqual([[0, 1]])
  })

  it('repeats a batch that failed retriably, and lets nothing pass', async () => {
    vi.useRealTimers()
    const appends = start({ maxDelayMs: 1 })
    const startedAt = performance.now()
    await appends.add(rows(0, 1, 2, 3))
    await appends.add(rows(4, 5, 6, 7))
    for (let attempt = 1; attempt <= 3; attempt++) {
      log.fail(away)
      await vi.waitFor(() => expect(log.batches).toHaveLength(attempt + 1))
    }
    expect(log.batches).toEqual(Array.from({ length: 4 }, () => [0, 1, 2, 3]))
    const retriedMs = performance.now() - startedAt
    log.succeed()
    await vi.waitFor(() => expect(log.batches.at(-1)).toEqual([4, 5, 6, 7]))
    expect(appends.rows).toBe(4)
    expect(appends.lastAppendMs).toBeGreaterThanOrEqual(retriedMs)
    log.succeed()
    await appends.flush()
  })

  it('stops for good at a failure that no retry can help', async () => {
    const appends = start()
    await appends.add(rows(0, 1, 2, 3))
    await appends.add(rows(4, 5, 6, 7))
    const waiting = appends.add(rows(8))
    const flushing = appends.flush()
    const outcomes = Promise.allSettled([waiting, flushing, appends.failed])
    await log.fail(broken)
    expect((await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([
      broken,
      broken,
      broken,
    ])
    await expect(appends.add(rows(9))).rejects.toBe(broken)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(log.batches).toEqual([[0, 1, 2, 3]])
  })

  it('flushes what has been added so far', async () => {
    const appends = start()
    await appends.flush()
    await appends.add(rows(0, 1, 2, 3))
    await appends.add(rows(4))
    let flushed = false
    void appends.flush().then(() => {
      flushed = true
    })
    await log.succeed()
    expect(log.batches).toEqual([[0, 1, 2, 3], [4]])
    expect(flushed).toBe(false)
    await appends.add(rows(5))
    await log.succeed()
    expect(flushed).toBe(true)
    expect(appends).toMatchObject({ rows: 5, pending: 1 })
  })

  it('drops what fails, and all after it, once it is not to retry any more', async () => {
    const appends = start()
    await appends.add(rows(0, 1, 2, 3))
    await log.fail(away)
    await appends.add(rows(4, 5, 6, 7))
    const waiting = appends.add(rows(8))
    appends.stopRetrying()
    await vi.advanceTimersByTimeAsync(0)
    expect(log.batches).toHaveLength(2)
    await log.fail(away)
    await waiting
    await appends.flush()
    await appends.add(rows(9, 10, 11, 12))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(log.batches).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ])
    expect(appends.pending).toBe(0)
  })
})
