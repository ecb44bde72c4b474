import { describe, expect, it, vi } from 'vitest'
import type { Consumer, RecordBatch, Subscription } from '../../src/broker/broker.ts'
import { eventLogSink } from '../../src/consumers/event-log-sink.ts'
import { TributaryError } from '../../src/errors.ts'
import type { EventLog } from '../../src/event-log/event-log.ts'
import type { EventLogBatch, LoggedTopic } from '../../src/event-log/event-log-batch.ts'
import { encode } from '../../src/events/codec.ts'

/** A broker that hands over what the test gives it, as the one member of the group. */
class OneMemberBroker {
  subscription: Subscription | undefined
  #ended = Promise.withResolvers<void>()
  lag = 0

  async subscribe(subscription: Subscription): Promise<Consumer> {
    this.subscription = subscription
    return {
      lag: () => this.lag,
      done: this.#ended.promise,
      stop: async () => {
        await subscription.revoked(0)
        this.#ended.resolve()
      },
    }
  }

  assigned(partition: number) {
    return this.subscription!.assigned(partition)
  }

  handle(topic: LoggedTopic | 'users', from: number, values: readonly Uint8Array[], partition = 0): Promise<void> {
    const records = values.map((value, i) => ({ offset: from + i, key: 'k', value }))
    const next = from + values.length
    const batch: RecordBatch = { topic, partition, records, next, end: next }
    return this.subscription!.handle(batch)
  }
}

interface LoggedRow {
  readonly topic: LoggedTopic
  readonly partition: number
  readonly offset: number
  /** All columns, the position first. */
  readonly values?: readonly unknown[]
}

/** Appends to an array; `failure` makes it refuse. */
class MemoryLog implements Pick<EventLog, 'append' | 'forget' | 'offsets'> {
  readonly rows: LoggedRow[] = []
  readonly forgotten: string[] = []
  failure: Error | undefined
  attempts = 0

  async append({ tables }: EventLogBatch): Promise<void> {
    this.attempts++
    if (this.failure) throw this.failure
    for (const { text } of Object.values(tables)) {
      for (const line of text.toString().split('\n').slice(0, -1)) {
        const values = JSON.parse(line)
        const [topic, partition, offset] = values
        this.rows.push({ topic, partition, offset, values })
      }
    }
  }

  async forget(userId: string, { partition, offset }: { partition: number; offset: number }): Promise<void> {
    this.attempts++
    if (this.failure) throw this.failure
    this.forgotten.push(`${userId} at ${partition}/${offset}, after ${this.rows.length} rows`)
  }

  async offsets(topic: LoggedTopic): Promise<ReadonlyMap<number, number>> {
    const next = new Map<number, number>()
    for (const row of this.rows) if (row.topic === topic) next.set(row.partition, row.offset + 1)
    return next
  }
}

const like = (userId = 'u') => encode('feedback', { eventId: 'e', userId, itemId: 'i', kind: 'like', at: 1 })
const slate = () => encode('impressions', { requestId: 'r', userId: 'u', at: 1, release: 'live', items: [] })

async function start(options = {}) {
  const broker = new OneMemberBroker()
  const log = new MemoryLog()
  const sink = await eventLogSink({ broker, log: log as unknown as EventLog, maxDelayMs: 5, ...options })
  return { broker, log, sink }
}

const positions = (log: MemoryLog) => log.rows.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`)

describe('the event log sink', () => {
  it('subscribes to what is logged, as a group of its own', async () => {
    const { broker } = await start()
    expect(broker.subscription).toMatchObject({
      group: 'event-log',
      topics: ['ratings', 'feedback', 'impressions', 'users'],
    })
  })

  it('begins where the log ends, per topic, and leaves out what is not in the log', async () => {
    const { broker, log } = await start()
    expect(await broker.assigned(0)).toEqual({})
    log.rows.push({ topic: 'ratings', partition: 0, offset: 6 })
    log.rows.push({ topic: 'impressions', partition: 1, offset: 2 })
    expect(await broker.assigned(0)).toEqual({ ratings: 7 })
    expect(await broker.assigned(1)).toEqual({ impressions: 3 })
  })

  it('appends what it is handed, in order and with its position, without being asked', async () => {
    const { broker, log, sink } = await start()
    await broker.handle('feedback', 3, [like('a'), like('b')])
    await broker.handle('impressions', 0, [slate()], 2)
    await vi.waitFor(() => expect(sink.rows).toBe(3))
    expect(positions(log)).toEqual(['feedback/0/3', 'feedback/0/4', 'impressions/2/0'])
    expect(log.rows[1]!.values).toEqual(['feedback', 0, 4, 'e', 'b', 'i', 'like', null, 1, ''])
  })

  it('skips and counts what does not decode', async () => {
    const { broker, log, sink } = await start()
    await broker.handle('feedback', 0, [like(), Buffer.from('{'), Buffer.from([0xff]), slate(), like()])
    await sink.flush()
    expect(positions(log)).toEqual(['feedback/0/0', 'feedback/0/4'])
    expect(sink).toMatchObject({ rows: 2, skipped: 3 })
  })

  it('forgets whom an event on `users` asks it to, after all that came before, and again until it succeeds', async () => {
    const { broker, log } = await start({ maxDelayMs: 3_600_000 })
    const users = [{ userId: 'a' }, { userId: 'b', forgotten: true as const }].map((user) => encode('users', user))
    await broker.handle('feedback', 0, [like('b'), like('c')])
    await broker.handle('users', 4, [...users, Buffer.from('{')], 1)
    expect(log.forgotten).toEqual(['b at 1/5, after 2 rows'])
    log.failure = Object.assign(new Error('down'), { retriable: true })
    const attempts = log.attempts
    const again = broker.handle('users', 7, [users[1]!], 1)
    await vi.waitFor(() => expect(log.attempts).toBeGreaterThan(attempts))
    log.failure = undefined
    await again
    expect(log.forgotten).toEqual(['b at 1/5, after 2 rows', 'b at 1/7, after 2 rows'])
  })

  it('holds its source back while the log is slower', async () => {
    const { broker, log, sink } = await start({ maxBatchRows: 2, maxDelayMs: 3_600_000 })
    const release = Promise.withResolvers<void>()
    const append = log.append.bind(log)
    log.append = async (batch) => {
      await release.promise
      return append(batch)
    }
    await broker.handle('feedback', 0, [like(), like()])
    await broker.handle('feedback', 2, [like(), like()])
    let handled = false
    const third = broker.handle('feedback', 4, [like()]).then(() => {
      handled = true
    })
    await new Promise(setImmediate)
    expect(handled).toBe(false)
    release.resolve()
    await third
    await sink.flush()
    expect(positions(log)).toEqual([0, 1, 2, 3, 4].map((offset) => `feedback/0/${offset}`))
  })

  it('counts what it has taken and not yet written as lag', async () => {
    const { broker, sink } = await start({ maxDelayMs: 3_600_000 })
    broker.lag = 5
    await broker.handle('feedback', 0, [like(), like()])
    expect(sink.lag()).toBe(7)
    await sink.flush()
    expect(sink.lag()).toBe(5)
  })

  it('has written everything when a partition is given up', async () => {
    const { broker, log } = await start({ maxDelayMs: 3_600_000 })
    await broker.handle('feedback', 0, [like()])
    await broker.subscription!.revoked(0)
    expect(positions(log)).toEqual(['feedback/0/0'])
    expect(await broker.assigned(0)).toEqual({ feedback: 1 })
  })

  it('writes without a gap once a log that was away is back', async () => {
    const { broker, log, sink } = await start({ maxBatchRows: 2 })
    log.failure = new TributaryError('UNAVAILABLE', 'away')
    await broker.handle('feedback', 0, [like(), like()])
    await broker.handle('feedback', 2, [like(), like()])
    await vi.waitFor(() => expect(log.attempts).toBeGreaterThan(2))
    expect(positions(log)).toEqual([])
    log.failure = undefined
    await sink.flush()
    expect(positions(log)).toEqual([0, 1, 2, 3].map((offset) => `feedback/0/${offset}`))
  })

  it('ends, and takes no more, when the log refuses for good', async () => {
    const { broker, log, sink } = await start({ maxBatchRows: 1 })
    log.failure = new TributaryError('INTERNAL', 'refused')
    await broker.handle('feedback', 0, [like()])
    await expect(sink.done).rejects.toBe(log.failure)
    await expect(broker.handle('feedback', 1, [like()])).rejects.toBe(log.failure)
    log.failure = undefined
    await expect(broker.handle('feedback', 1, [like()])).rejects.toMatchObject({ message: 'refused' })
    expect(positions(log)).toEqual([])
  })

  it('writes what it has taken before it stops', async () => {
    const { broker, log, sink } = await start({ maxDelayMs: 3_600_000 })
    await broker.handle('feedback', 0, [like()])
    await sink.stop()
    await sink.done
    expect(positions(log)).toEqual(['feedback/0/0'])
  })

  it('stops also while the log is away, leaving the rest to the next start', async () => {
    const { broker, log, sink } = await start({ maxBatchRows: 1 })
    log.failure = new TributaryError('UNAVAILABLE', 'away')
    await broker.handle('feedback', 0, [like()])
    await vi.waitFor(() => expect(log.attempts).toBeGreaterThan(1))
    await sink.stop()
    await sink.done
    log.failure = undefined
    expect(await broker.assigned(0)).toEqual({})
  })
})
