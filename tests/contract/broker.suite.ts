import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Broker, Consumer, Message, RecordBatch, Subscription } from '../../src/broker/broker.ts'
import { TributaryError } from '../../src/errors.ts'
import { partitionFor, type Topic } from '../../src/events/topics.ts'

export interface BrokerUnderTest {
  /** With at least three partitions. Topics may have records of earlier runs. */
  readonly broker: Broker
  /** Closes the broker and opens the same log again. */
  reopen(): Promise<Broker>
  close(): Promise<void>
}

type Ends = Partial<Record<Topic, readonly number[]>>

interface Seen {
  readonly topic: Topic
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly text: string
}

const TIMEOUT_MS = 30_000

const until = (condition: () => void | Promise<void>) => vi.waitFor(condition, { timeout: TIMEOUT_MS, interval: 10 })
const message = (key: string, text: string): Message => ({ key, value: Buffer.from(text) })
const numbered = (count: number, key: (i: number) => string = () => 'k') =>
  Array.from({ length: count }, (_, i) => message(key(i), `${i}`))
const range = (begin: number, end: number) => Array.from({ length: end - begin }, (_, i) => begin + i)
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

const retriable = () => new TributaryError('UNAVAILABLE', 'just now not')

/** What every broker has to do. Groups are named after the clock, and tests begin at the end of what is there. */
export function brokerSuite({ name, open }: { name: string; open: () => Promise<BrokerUnderTest> }): void {
  describe(`${name} as a Broker`, () => {
    let under: BrokerUnderTest
    let broker: Broker
    const consumers: Consumer[] = []
    const run = Date.now().toString(36)
    let groups = 0
    const newGroup = () => `suite-${run}-${groups++}`

    beforeAll(async () => {
      under = await open()
      broker = under.broker
    })
    afterEach(async () => {
      await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()))
    })
    afterAll(() => under.close())

    async function endsOf(...topics: Topic[]): Promise<Ends> {
      const bounds = await Promise.all(topics.map((topic) => broker.bounds(topic)))
      return Object.fromEntries(topics.map((topic, i) => [topic, bounds[i]!.map(({ end }) => end)]))
    }

    const at = (ends: Ends, partition: number) =>
      Object.fromEntries(Object.entries(ends).map(([topic, offsets]) => [topic, offsets[partition]!]))

    /** Subscribes to the topics of `from`; what is not given is done quietly. */
    async function subscribe(from: Ends, given: Partial<Subscription> = {}): Promise<Consumer> {
      const consumer = await broker.subscribe({
        group: newGroup(),
        topics: Object.keys(from) as Topic[],
        assigned: async (partition) => at(from, partition),
        handle: async () => {},
        revoked: async () => {},
        ...given,
      })
      consumers.push(consumer)
      return consumer
    }

    /** Collects what is handled. */
    function collector() {
      const seen: Seen[] = []
      const batches: RecordBatch[] = []
      const handle = async (batch: RecordBatch) => {
        batches.push(batch)
        const { topic, partition } = batch
        for (const { offset, key, value } of batch.records) {
          seen.push({ topic, partition, offset, key, text: Buffer.from(value).toString() })
        }
      }
      return { seen, batches, handle, texts: () => seen.map(({ text }) => text) }
    }

    const inPartition = (seen: readonly Seen[], partition: number) => seen.filter((one) => one.partition === partition)

    describe('producing', () => {
      it('answers the position of each message: the partition of its key, and the next offset there', async () => {
        const { ratings: before } = await endsOf('ratings')
        const keys = ['1', '2', '1', '3', '2', '1']
        const positions = await broker.produce(
          'ratings',
          keys.map((key, i) => message(key, `${i}`)),
        )
        const next = [...before!]
        for (const [i, key] of keys.entries()) {
          const partition = partitionFor(key, broker.partitions)
          expect(positions[i]).toEqual({ partition, offset: next[partition]!++ })
        }
        expect((await endsOf('ratings')).ratings).toEqual(next)
      })

      it('puts a message where it says it belongs', async () => {
        for (const partition of range(0, broker.partitions)) {
          const [position] = await broker.produce('ratings', [{ ...message('k', 'x'), partition }])
          expect(position!.partition).toBe(partition)
        }
      })

      it('answers no positions for no messages', async () => {
        expect(await broker.produce('ratings', [])).toEqual([])
      })

      it.each([
        ['an empty value', 'k', Buffer.alloc(0)],
        ['every byte there is', 'k', Uint8Array.from({ length: 256 }, (_, i) => i)],
        ['a megabyte', 'k', Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * i * 31) >>> 5)],
        ['a key beyond ASCII', 'é 日本 🎬 ﷽', Buffer.from('x')],
        ['a key with control characters', 'a\u0000b\nc', Buffer.from('x')],
        ['a key of a thousand characters', 'ü'.repeat(1_000), Buffer.from('x')],
      ])('keeps %s as it is', async (_, key, value) => {
        for (const topic of ['feedback', 'items'] as const) {
          const [position] = await broker.produce(topic, [{ key, value }])
          const [record] = await broker.read(topic, position!.partition, position!.offset, 1)
          expect(record).toMatchObject({ offset: position!.offset, key })
          expect(Buffer.compare(record!.value, value)).toBe(0)
        }
      })

      it('keeps the order of each of many that produce at the same time', async () => {
        const from = await endsOf('ratings')
        const positions = await Promise.all(
          range(0, 20).map(async (producer) => {
            const mine: { partition: number; offset: number }[] = []
            for (const i of range(0, 25)) {
              mine.push(...(await broker.produce('ratings', [message(`p${producer}`, `${producer}:${i}`)])))
            }
            return mine
          }),
        )
        const to = await endsOf('ratings')
        for (const partition of range(0, broker.partitions)) {
          const offsets = positions
            .flat()
            .flatMap((position) => (position.partition === partition ? position.offset : []))
          expect(offsets.sort((a, b) => a - b)).toEqual(range(from.ratings![partition]!, to.ratings![partition]!))
        }
        for (const [producer, mine] of positions.entries()) {
          const { partition, offset } = mine[0]!
          const records = await broker.read('ratings', partition, offset, 500)
          const texts = records
            .filter(({ key }) => key === `p${producer}`)
            .map(({ value }) => Buffer.from(value).toString())
          expect(texts).toEqual(range(0, 25).map((i) => `${producer}:${i}`))
        }
      })
    })

    describe('reading', () => {
      it('begins and ends in the middle of what was produced together', async () => {
        const positions = await broker.produce(
          'feedback',
          numbered(100).map((one) => ({ ...one, partition: 0 })),
        )
        const first = positions[0]!.offset
        const read = async (from: number, limit: number) =>
          (await broker.read('feedback', 0, from, limit)).map(({ offset, value }) => [offset, value.toString()])
        const expected = (begin: number, end: number) => range(begin, end).map((i) => [first + i, `${i}`])
        expect(await read(first + 37, 5)).toEqual(expected(37, 42))
        expect(await read(first, 100)).toEqual(expected(0, 100))
        expect(await read(first + 98, 10)).toEqual(expected(98, 100))
        expect(await read(first + 100, 10)).toEqual([])
        expect(await read(first + 5, 0)).toEqual([])
      })

      it('crosses from what was produced together to what came next', async () => {
        const { feedback: before } = await endsOf('feedback')
        for (const i of range(0, 7)) await broker.produce('feedback', [{ ...message('k', `${i}`), partition: 1 }])
        const records = await broker.read('feedback', 1, before![1]! + 2, 4)
        expect(records.map(({ value }) => value.toString())).toEqual(['2', '3', '4', '5'])
      })
    })

    describe('a compacted topic', () => {
      it('keeps the last message of each key, in the order of their offsets', async () => {
        const keys = range(0, 10).map((i) => `${run}-${i}`)
        for (const round of range(0, 5))
          await broker.produce(
            'items',
            keys.map((key) => message(key, `${key} ${round}`)),
          )
        await broker.produce('items', [message(keys[3]!, 'twice'), message(keys[3]!, 'in one call')])
        const { seen, handle } = collector()
        await subscribe({ items: [] }, { group: null, assigned: async () => ({}), handle })
        await until(() => {
          const last = new Map(seen.map(({ key, text }) => [key, text]))
          for (const key of keys) expect(last.get(key)).toBe(key === keys[3] ? 'in one call' : `${key} 4`)
        })
        for (const partition of range(0, broker.partitions)) {
          const offsets = inPartition(seen, partition).map(({ offset }) => offset)
          expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
        }
      })

      it('can be resumed from an offset whose record has been compacted away', async () => {
        const key = `${run}-resumed`
        const [position] = await broker.produce('items', [message(key, 'first')])
        await broker.produce('items', [message(key, 'second')])
        const from = await endsOf('items')
        const items = from.items!.map((end, i) => (i === position!.partition ? position!.offset : end))
        const { seen, batches, handle } = collector()
        await subscribe({ items }, { handle })
        await until(() => expect(seen.at(-1)?.text).toBe('second'))
        expect(batches.at(-1)!.next).toBe(from.items![position!.partition])
      })
    })

    describe('consuming', () => {
      it('waits at the end of the log for what comes', async () => {
        const from = await endsOf('ratings')
        const { texts, handle } = collector()
        const assigned = vi.fn(async (partition: number) => at(from, partition))
        const consumer = await subscribe(from, { assigned, handle })
        await until(() => expect(assigned).toHaveBeenCalledTimes(broker.partitions))
        expect(texts()).toEqual([])
        await broker.produce('ratings', [message('k', 'first')])
        await until(() => expect(texts()).toEqual(['first']))
        await broker.produce('ratings', [message('k', 'second')])
        await until(() => expect(texts()).toEqual(['first', 'second']))
        await until(() => expect(consumer.lag()).toBe(0))
      })

      it('begins at the beginning of what is kept where no position is given', async () => {
        await broker.produce(
          'impressions',
          numbered(50, (i) => `${i % 7}`),
        )
        const bounds = await broker.bounds('impressions')
        const { seen, handle } = collector()
        await subscribe({ impressions: [] }, { assigned: async () => ({}), handle })
        await until(() => expect(seen).toHaveLength(sum(bounds.map(({ begin, end }) => end - begin))))
        for (const [partition, { begin, end }] of bounds.entries()) {
          expect(inPartition(seen, partition).map(({ offset }) => offset)).toEqual(range(begin, end))
        }
      })

      it('keeps the order within a partition, call after call', async () => {
        const from = await endsOf('ratings')
        const { seen, handle } = collector()
        await subscribe(from, { handle, maxBatchRecords: 100 })
        const key = (i: number) => `u${i % 5}`
        for (const call of range(0, 5)) {
          await broker.produce(
            'ratings',
            range(0, 300).map((i) => message(key(i), `${call * 300 + i}`)),
          )
        }
        await until(() => expect(seen).toHaveLength(1_500))
        for (const one of range(0, 5)) {
          const numbers = seen.filter((record) => record.key === key(one)).map(({ text }) => Number(text))
          expect(numbers).toEqual(range(0, 300).map((i) => i * 5 + one))
        }
      })

      it('hands over consecutive batches of no more than maxBatchRecords, each saying what comes next', async () => {
        const from = await endsOf('ratings')
        await broker.produce(
          'ratings',
          numbered(1_000, (i) => `${i}`),
        )
        const { ratings: ends } = await endsOf('ratings')
        const { seen, batches, handle } = collector()
        await subscribe(from, { handle, maxBatchRecords: 64 })
        await until(() => expect(seen).toHaveLength(1_000))
        const next = [...from.ratings!]
        for (const batch of batches) {
          const offsets = batch.records.map(({ offset }) => offset)
          expect(offsets.length).toBeGreaterThan(0)
          expect(offsets.length).toBeLessThanOrEqual(64)
          expect(offsets).toEqual(range(next[batch.partition]!, batch.next))
          expect(batch.end).toBe(ends![batch.partition])
          next[batch.partition] = batch.next
        }
        expect(next).toEqual(ends)
      })

      it('resumes exactly where it is told to, in another group member or after a stop', async () => {
        const from = await endsOf('ratings')
        await broker.produce(
          'ratings',
          numbered(2_000, (i) => `${i}`),
        )
        const group = newGroup()
        const next = [...from.ratings!]
        const seen: string[] = []
        const enough = Promise.withResolvers<void>()
        const committing: Partial<Subscription> = {
          group,
          maxBatchRecords: 50,
          assigned: async (partition) => ({ ratings: next[partition]! }),
          handle: async (batch) => {
            seen.push(...batch.records.map(({ offset }) => `${batch.partition}/${offset}`))
            next[batch.partition] = batch.next
            if (seen.length > 300) enough.resolve()
          },
        }
        const first = await subscribe(from, committing)
        await enough.promise
        await first.stop()
        expect(seen.length).toBeLessThan(2_000)
        await subscribe(from, committing)
        await until(() => expect(seen).toHaveLength(2_000))
        expect(new Set(seen).size).toBe(2_000)
      })

      it.each([
        ['beyond the end', (ends: readonly number[]) => ends[1]! + 1],
        ['before the beginning', () => -1],
      ])('ends with BEHIND_LOG when it is told to begin %s, and says the numbers', async (_, position) => {
        const from = await endsOf('ratings')
        const offset = position(from.ratings!)
        const bounds = await broker.bounds('ratings')
        const revoked = vi.fn(async () => {})
        const consumer = await subscribe(from, {
          assigned: async (partition) => ({ ratings: partition === 1 ? offset : from.ratings![partition]! }),
          revoked,
        })
        await expect(consumer.done).rejects.toMatchObject({
          code: 'BEHIND_LOG',
          context: { topic: 'ratings', partition: 1, offset, ...bounds[1] },
        })
        expect(revoked).not.toHaveBeenCalledWith(1)
      })

      it('keeps topics apart and takes each from its own position', async () => {
        const from = await endsOf('ratings', 'feedback', 'users')
        const { seen, handle } = collector()
        await broker.produce(
          'feedback',
          numbered(3).map((one) => ({ ...one, partition: 0 })),
        )
        await subscribe({ ...from, feedback: from.feedback!.map((end, i) => (i === 0 ? end + 1 : end)) }, { handle })
        await broker.produce('ratings', [{ ...message('k', 'rating'), partition: 0 }])
        await broker.produce('users', [{ ...message('k', 'user'), partition: 0 }])
        await until(() => expect(seen).toHaveLength(4))
        const texts = (topic: Topic) => seen.filter((one) => one.topic === topic).map(({ text }) => text)
        expect([texts('ratings'), texts('feedback'), texts('users')]).toEqual([['rating'], ['1', '2'], ['user']])
      })

      it('does not let a busy topic starve another', async () => {
        const from = await endsOf('ratings', 'feedback')
        await broker.produce(
          'ratings',
          numbered(20_000).map((one) => ({ ...one, partition: 0 })),
        )
        const handled = { ratings: 0, feedback: 0 }
        let ratingsBeforeFeedback = 0
        await subscribe(from, {
          maxBatchRecords: 100,
          handle: async ({ topic, records }) => {
            if (topic === 'feedback') ratingsBeforeFeedback = handled.ratings
            handled[topic as keyof typeof handled] += records.length
            await new Promise((resolve) => setTimeout(resolve, 1))
          },
        })
        await until(() => expect(handled.ratings).toBeGreaterThan(0))
        await broker.produce('feedback', [{ ...message('k', 'urgent'), partition: 0 }])
        await until(() => expect(handled).toEqual({ ratings: 20_000, feedback: 1 }))
        expect(ratingsBeforeFeedback).toBeLessThan(15_000)
      })

      it('does not hand over the next batch of a partition before the last is handled, others meanwhile', async () => {
        const from = await endsOf('ratings')
        await broker.produce(
          'ratings',
          range(0, 40).map((i) => ({ ...message('k', `${i}`), partition: i % 2 })),
        )
        const held = Promise.withResolvers<void>()
        const { seen, handle } = collector()
        await subscribe(from, {
          maxBatchRecords: 5,
          handle: async (batch) => {
            await handle(batch)
            if (batch.partition === 0) await held.promise
          },
        })
        await until(() => expect(inPartition(seen, 1)).toHaveLength(20))
        expect(inPartition(seen, 0)).toHaveLength(5)
        held.resolve()
        await until(() => expect(inPartition(seen, 0)).toHaveLength(20))
      })

      it('counts the lag', async () => {
        const from = await endsOf('ratings')
        await broker.produce(
          'ratings',
          numbered(30).map((one) => ({ ...one, partition: 2 })),
        )
        const permits: (() => void)[] = []
        const consumer = await subscribe(from, {
          maxBatchRecords: 10,
          handle: () => new Promise((resolve) => permits.push(resolve)),
        })
        for (const lag of [30, 20, 10]) {
          await until(() => expect(permits).toHaveLength(1))
          expect(consumer.lag()).toBe(lag)
          permits.pop()!()
        }
        await until(() => expect(consumer.lag()).toBe(0))
      })
    })

    describe('failing', () => {
      it('repeats the same batch after a retriable failure, and loses and doubles nothing', async () => {
        const from = await endsOf('ratings')
        await broker.produce(
          'ratings',
          numbered(30).map((one) => ({ ...one, partition: 0 })),
        )
        const { texts, handle } = collector()
        const attempts: number[][] = []
        await subscribe(from, {
          maxBatchRecords: 10,
          handle: async (batch) => {
            attempts.push(batch.records.map(({ offset }) => offset - from.ratings![0]!))
            if (attempts.length >= 2 && attempts.length <= 4) throw retriable()
            await handle(batch)
          },
        })
        await until(() => expect(texts()).toEqual(range(0, 30).map(String)))
        expect(attempts.map(([first]) => first)).toEqual([0, 10, 10, 10, 10, 20])
        expect(attempts.every((offsets) => offsets.length === 10)).toBe(true)
      })

      it('ends with any other failure, once, and says which', async () => {
        const from = await endsOf('ratings')
        await broker.produce(
          'ratings',
          numbered(30).map((one) => ({ ...one, partition: 0 })),
        )
        const failure = new Error('a bug')
        const handle = vi.fn(async () => {
          throw failure
        })
        const revoked: number[] = []
        const consumer = await subscribe(from, {
          maxBatchRecords: 10,
          handle,
          revoked: async (partition) => void revoked.push(partition),
        })
        await expect(consumer.done).rejects.toBe(failure)
        expect(revoked.sort()).toEqual(range(0, broker.partitions))
        await consumer.stop()
        expect(handle).toHaveBeenCalledTimes(1)
      })

      it('tries again to be assigned a partition when the failure is retriable, and ends when it is not', async () => {
        const from = await endsOf('ratings')
        let attempts = 0
        const { texts, handle } = collector()
        await subscribe(from, {
          assigned: async (partition) => {
            if (partition === 0 && ++attempts < 3) throw retriable()
            return at(from, partition)
          },
          handle,
        })
        await broker.produce('ratings', [{ ...message('k', 'x'), partition: 0 }])
        await until(() => expect(texts()).toEqual(['x']))
        expect(attempts).toBe(3)
        const revoked = vi.fn(async () => {})
        const fenced = new TributaryError('FENCED', 'a newer owner')
        const consumer = await subscribe(from, { assigned: () => Promise.reject(fenced), revoked })
        await expect(consumer.done).rejects.toBe(fenced)
        expect(revoked).not.toHaveBeenCalled()
      })

      it('stops at once while a batch is being retried', async () => {
        const from = await endsOf('ratings')
        await broker.produce('ratings', [message('k', 'x')])
        const handle = vi.fn(() => Promise.reject(retriable()))
        const consumer = await subscribe(from, { handle })
        await until(() => expect(handle.mock.calls.length).toBeGreaterThan(2))
        await consumer.stop()
        await consumer.done
        expect(consumer.lag()).toBe(0)
      })
    })

    describe('a group', () => {
      it('shares the partitions evenly, gives them back, and never has two handlers of one', async () => {
        const from = await endsOf('ratings', 'feedback')
        const group = newGroup()
        const next = new Map<string, number>()
        const id = (topic: Topic, partition: number) => `${topic}/${partition}`
        for (const topic of ['ratings', 'feedback'] as const) {
          for (const partition of range(0, broker.partitions)) next.set(id(topic, partition), from[topic]![partition]!)
        }
        const owners = new Map<number, number>()
        const busy = new Set<number>()
        const wrong: string[] = []
        let handled = 0
        const join = (member: number) =>
          subscribe(from, {
            group,
            maxBatchRecords: 7,
            assigned: async (partition) => {
              if (owners.has(partition))
                wrong.push(`${partition} assigned to ${member} while ${owners.get(partition)}'s`)
              owners.set(partition, member)
              return {
                ratings: next.get(id('ratings', partition))!,
                feedback: next.get(id('feedback', partition))!,
              }
            },
            handle: async ({ topic, partition, records, next: after }) => {
              if (owners.get(partition) !== member) wrong.push(`${partition} handled by ${member} without owning it`)
              if (busy.has(partition)) wrong.push(`${partition} handled twice at a time`)
              busy.add(partition)
              if (records[0]!.offset !== next.get(id(topic, partition))) wrong.push(`${partition} lost or repeated`)
              await new Promise((resolve) => setTimeout(resolve, 2))
              next.set(id(topic, partition), after)
              handled += records.length
              busy.delete(partition)
            },
            revoked: async (partition) => {
              if (busy.has(partition)) wrong.push(`${partition} revoked while handled`)
              if (owners.get(partition) !== member) wrong.push(`${partition} revoked from ${member} without being its`)
              owners.delete(partition)
            },
          })
        const sharesOf = (...members: number[]) =>
          members.map((member) => [...owners.values()].filter((owner) => owner === member).length)
        /** The members come to share evenly, and go on handling. */
        const even = async (...members: number[]) => {
          await until(() => {
            const shares = sharesOf(...members)
            expect(sum(shares)).toBe(broker.partitions)
            expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
          })
          const before = handled
          await until(() => expect(handled).toBeGreaterThan(before + 500))
        }

        let produced = 0
        let producing = true
        const production = (async () => {
          while (producing) {
            for (const topic of ['ratings', 'feedback'] as const) {
              produced += (
                await broker.produce(
                  topic,
                  numbered(40, (i) => `${i}`),
                )
              ).length
            }
            await new Promise((resolve) => setTimeout(resolve, 5))
          }
        })()
        const first = await join(1)
        await even(1)
        await join(2)
        await even(1, 2)
        await join(3)
        await even(1, 2, 3)
        await first.stop()
        await even(2, 3)
        producing = false
        await production
        await until(() => expect(handled).toBe(produced))
        expect(wrong).toEqual([])
      })

      it('goes on with the others when a member fails', async () => {
        const from = await endsOf('ratings')
        const group = newGroup()
        const { texts, handle } = collector()
        const next = [...from.ratings!]
        const assigned = async (partition: number) => ({ ratings: next[partition]! })
        const failing = await subscribe(from, { group, assigned, handle: () => Promise.reject(new Error('a bug')) })
        const failed = expect(failing.done).rejects.toThrow('a bug')
        await subscribe(from, {
          group,
          assigned,
          handle: async (batch) => {
            await handle(batch)
            next[batch.partition] = batch.next
          },
        })
        const everywhere = range(0, broker.partitions).map((partition) => ({
          ...message('k', `${partition}`),
          partition,
        }))
        await broker.produce('ratings', everywhere)
        await failed
        await until(() => expect(texts().sort()).toEqual(everywhere.map(({ value }) => value.toString())))
      })

      it('is nobody else for a subscriber without a group: each of them sees everything', async () => {
        const from = await endsOf('ratings')
        const [one, other, grouped] = [collector(), collector(), collector()]
        await subscribe(from, { group: null, handle: one.handle })
        await subscribe(from, { group: null, handle: other.handle })
        await subscribe(from, { handle: grouped.handle })
        await broker.produce(
          'ratings',
          numbered(100, (i) => `${i}`),
        )
        for (const { texts } of [one, other, grouped]) {
          await until(() =>
            expect(
              texts()
                .map(Number)
                .sort((a, b) => a - b),
            ).toEqual(range(0, 100)),
          )
        }
      })
    })

    describe('stopping', () => {
      it('finishes the batches in hand, begins no other, and gives every partition back once', async () => {
        const from = await endsOf('ratings')
        await broker.produce(
          'ratings',
          range(0, 100).map((i) => ({ ...message('k', `${i}`), partition: i % 2 })),
        )
        const held = Promise.withResolvers<void>()
        const log: string[] = []
        const consumer = await subscribe(from, {
          maxBatchRecords: 10,
          handle: async ({ partition }) => {
            log.push(`begin ${partition}`)
            await held.promise
            log.push(`end ${partition}`)
          },
          revoked: async (partition) => void log.push(`revoked ${partition}`),
        })
        await until(() => expect(log).toEqual(expect.arrayContaining(['begin 0', 'begin 1'])))
        const stopped = consumer.stop()
        await until(() => expect(log.filter((line) => line.startsWith('revoked'))).toHaveLength(broker.partitions - 2))
        held.resolve()
        await Promise.all([stopped, consumer.stop(), consumer.done])
        expect(log.filter((line) => line.startsWith('begin'))).toHaveLength(2)
        for (const partition of [0, 1]) {
          const lines = log.filter((line) => line.endsWith(` ${partition}`))
          expect(lines).toEqual([`begin ${partition}`, `end ${partition}`, `revoked ${partition}`])
        }
        expect(log.filter((line) => line.startsWith('revoked'))).toHaveLength(broker.partitions)
      })

      it('keeps everything for a broker opened later, which goes on counting', async () => {
        const before = await endsOf('ratings')
        await broker.produce(
          'ratings',
          numbered(500).map((one) => ({ ...one, partition: 0 })),
        )
        const consumer = await subscribe(before)
        await until(() => expect(consumer.lag()).toBe(0))
        broker = await under.reopen()
        await consumer.done
        const end = before.ratings![0]! + 500
        expect((await endsOf('ratings')).ratings![0]).toBe(end)
        const records = await broker.read('ratings', 0, before.ratings![0]!, 1_000)
        expect(records.map(({ value }) => value.toString())).toEqual(range(0, 500).map(String))
        const [position] = await broker.produce('ratings', [{ ...message('k', 'after'), partition: 0 }])
        expect(position).toEqual({ partition: 0, offset: end })
      })
    })
  })
}
