import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Broker, RecordBatch } from '../../src/broker/broker.ts'
import { type LmdbBrokerOptions, openLmdbBroker } from '../../src/broker/lmdb-broker.ts'
import type { Topic } from '../../src/events/topics.ts'
import { brokerSuite } from './broker.suite.ts'

const PARTITIONS = 4

/** Longer than any test: what arrives has not been found by polling. */
const NEVER_MS = 3_600_000

const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'tributary-'))

brokerSuite({
  name: 'LMDB',
  open: async () => {
    const folder = temporaryFolder()
    const open = () => openLmdbBroker({ path: join(folder, 'log'), partitions: PARTITIONS })
    let broker = open()
    return {
      broker,
      reopen: async () => {
        await broker.close()
        broker = open()
        return broker
      },
      close: async () => {
        await broker.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
})

function newPath(): string {
  const path = temporaryFolder()
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function open(options: { path: string } & Partial<LmdbBrokerOptions>): Broker {
  const broker = openLmdbBroker({ partitions: PARTITIONS, ...options })
  onTestFinished(() => broker.close())
  return broker
}

const message = (text: string, partition = 0) => ({ key: 'k', value: Buffer.from(text), partition })

function consume(broker: Broker, topic: Topic, handle: (batch: RecordBatch) => Promise<void>, from?: number[]) {
  return broker.subscribe({
    group: null,
    topics: [topic],
    assigned: async (partition) => (from ? { [topic]: from[partition]! } : {}),
    handle,
    revoked: async () => {},
  })
}

/** Consumes and remembers the texts in the order in which they came. */
async function collect(broker: Broker, topic: Topic = 'ratings'): Promise<string[]> {
  const texts: string[] = []
  await consume(broker, topic, async ({ records }) => void texts.push(...records.map(({ value }) => value.toString())))
  return texts
}

const producerFile = new URL('./lmdb-broker-producer.ts', import.meta.url)

interface Task {
  readonly path: string
  readonly first: number
  readonly calls: number
  readonly concurrency: number
  readonly exitAfter?: number
}

function producerThread(task: Task): Worker {
  return new Worker(producerFile, { workerData: { partitions: PARTITIONS, ...task } })
}

function producerProcess(task: Task): { child: ChildProcess; acknowledged: number[] } {
  const child = spawn(process.execPath, [producerFile.pathname, JSON.stringify({ partitions: PARTITIONS, ...task })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const acknowledged: number[] = []
  let rest = ''
  child.stdout!.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    acknowledged.push(...lines.map(Number))
  })
  return { child, acknowledged }
}

describe('an LMDB log that several have open', () => {
  it('wakes consumers of another broker in the thread, and outlives its closing', async () => {
    const path = newPath()
    const other = open({ path })
    const texts = await collect(open({ path, pollIntervalMs: NEVER_MS }))
    await other.produce('ratings', [message('a')])
    await vi.waitFor(() => expect(texts).toEqual(['a']), 5_000)
    await other.close()
    await open({ path }).produce('ratings', [message('b')])
    await vi.waitFor(() => expect(texts).toEqual(['a', 'b']), 5_000)
  })

  it('wakes consumers of another thread, which miss nothing', async () => {
    const path = newPath()
    const broker = open({ path, pollIntervalMs: NEVER_MS })
    const byPartition = Array.from({ length: PARTITIONS }, () => [] as string[])
    await consume(broker, 'ratings', async ({ partition, records }) => {
      byPartition[partition]!.push(...records.map(({ value }) => value.toString()))
    })
    const thread = producerThread({ path, first: 0, calls: 500, concurrency: 1 })
    await once(thread, 'exit')
    const expected = Array.from({ length: 500 }, (_, n) => Array.from({ length: 1 + (n % 40) }, () => `${n}`)).flat()
    for (const texts of byPartition) await vi.waitFor(() => expect(texts).toEqual(expected), 10_000)
  })

  it('finds by polling what another process produces', async () => {
    const path = newPath()
    const texts = await collect(open({ path }))
    const { child } = producerProcess({ path, first: 0, calls: 3, concurrency: 1 })
    await once(child, 'exit')
    await vi.waitFor(() => expect(texts).toHaveLength((1 + 2 + 3) * PARTITIONS), 5_000)
  })

  it('gives every message an offset of its own when threads and processes produce at the same time', async () => {
    const path = newPath()
    const broker = open({ path })
    const writers = [0, 1, 2].map((i) => ({ path, first: i * 1_000, calls: 200, concurrency: 8 }))
    const threads = writers.slice(0, 2).map((task) => once(producerThread(task), 'exit'))
    const { child } = producerProcess(writers[2]!)
    const mine = Array.from({ length: 200 }, () => broker.produce('ratings', [message('mine')]))
    await Promise.all([...threads, once(child, 'exit'), ...mine])
    const { whole } = await inspect(broker)
    expect(whole.size).toBe(3 * 200)
    const records = await broker.read('ratings', 0, 0, 1e6)
    expect(records.filter(({ value }) => value.toString() === 'mine')).toHaveLength(200)
  })

  it('survives the termination of a thread that is producing', async () => {
    const path = newPath()
    const broker = open({ path })
    for (let round = 0; round < 5; round++) {
      const thread = producerThread({ path, first: round * 100_000, calls: 100_000, concurrency: 4 })
      let acknowledged = 0
      await new Promise<void>((resolve) => {
        thread.on('message', () => {
          if (++acknowledged === 50) resolve()
        })
      })
      await thread.terminate()
      await broker.produce('feedback', [message(`${round}`)])
    }
    const { whole } = await inspect(broker)
    expect(whole.size).toBeGreaterThanOrEqual(5 * 50)
    expect((await broker.bounds('feedback'))[0]!.end).toBe(5)
  })
})

/** Checks that offsets are consecutive, and that each call of the producers was written wholly or not at all. */
async function inspect(broker: Broker): Promise<{ whole: Set<number> }> {
  const copies = new Map<number, number>()
  for (const [partition, { end }] of (await broker.bounds('ratings')).entries()) {
    const records = await broker.read('ratings', partition, 0, 1e9)
    expect(records.every(({ offset }, i) => offset === i)).toBe(true)
    expect(records).toHaveLength(end)
    for (const n of records.map(({ value }) => Number(value.toString()))) {
      if (!Number.isNaN(n)) copies.set(n, (copies.get(n) ?? 0) + 1)
    }
  }
  expect([...copies].filter(([n, count]) => count !== (1 + (n % 40)) * PARTITIONS)).toEqual([])
  return { whole: new Set(copies.keys()) }
}

describe('an LMDB log whose producer is killed', () => {
  it.each([
    ['with nobody else at it', false],
    ['while another process consumes', true],
  ])('keeps all that was acknowledged and nothing torn, %s', async (_, watched) => {
    const path = newPath()
    const watcher = watched ? open({ path }) : undefined
    const seen = watcher && (await collect(watcher))
    let first = 0
    for (let round = 0; round < 8; round++) {
      const { child, acknowledged } = producerProcess({ path, first, calls: 1e9, concurrency: 6 })
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(0), 20_000)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 150))
      child.kill('SIGKILL')
      await once(child, 'close')
      const broker = openLmdbBroker({ path, partitions: PARTITIONS })
      const { whole } = await inspect(broker)
      expect(acknowledged.filter((n) => !whole.has(n))).toEqual([])
      expect(await broker.produce('feedback', [message('alive')])).toEqual([{ partition: 0, offset: round }])
      await broker.close()
      first = 10_000 * Math.ceil((Math.max(...whole) + 1) / 10_000)
    }
    const total = watcher && (await watcher.bounds('ratings')).reduce((sum, { end }) => sum + end, 0)
    await vi.waitFor(() => expect(seen?.length).toBe(total), 20_000)
  })
})

describe('an LMDB broker', () => {
  it('lets the process exit in the middle of producing', async () => {
    const path = newPath()
    for (let round = 0; round < 5; round++) {
      const task = { path, first: round * 10_000, calls: 10_000, concurrency: 6, exitAfter: 20 + round }
      const { child, acknowledged } = producerProcess(task)
      expect(await once(child, 'close')).toEqual([0, null])
      const broker = openLmdbBroker({ path, partitions: PARTITIONS })
      const { whole } = await inspect(broker)
      expect(acknowledged.filter((n) => !whole.has(n))).toEqual([])
      await broker.close()
    }
  })

  it('refuses a log of another number of partitions, and says what to do', async () => {
    const path = newPath()
    await openLmdbBroker({ path, partitions: 4 }).close()
    expect(() => openLmdbBroker({ path, partitions: 8 })).toThrow(/has 4 partitions.*says 8.*--home/)
    await open({ path }).produce('ratings', [message('still works')])
  })

  it('refuses a message for a partition that is not there', async () => {
    const broker = open({ path: newPath() })
    for (const partition of [-1, PARTITIONS, 0.5, Number.NaN]) {
      await expect(broker.produce('ratings', [message('x', partition)])).rejects.toMatchObject({ code: 'BAD_INPUT' })
    }
  })

  it('keeps exactly one record of each key of a compacted topic', async () => {
    const broker = open({ path: newPath() })
    for (let round = 0; round < 20; round++) {
      await broker.produce(
        'items',
        Array.from({ length: 100 }, (_, i) => ({ key: `${i % 50}`, value: Buffer.from(`${round}:${i}`) })),
      )
    }
    const kept = []
    for (let partition = 0; partition < PARTITIONS; partition++)
      kept.push(...(await broker.read('items', partition, 0, 1e6)))
    expect(kept).toHaveLength(50)
    expect(kept.every(({ key, value }) => value.toString() === `19:${Number(key) + 50}`)).toBe(true)
  })

  it('bounds a batch in bytes, too', async () => {
    const broker = open({ path: newPath() })
    const values = Array.from({ length: 12 }, (_, i) => ({ key: 'k', value: new Uint8Array(1_000_000).fill(i) }))
    await broker.produce('ratings', values)
    const sizes: number[] = []
    await consume(broker, 'ratings', async ({ records }) => void sizes.push(records.length))
    await vi.waitFor(() => expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(12), 5_000)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(5)
  })

  it('lets the event loop turn between batches', async () => {
    const broker = open({ path: newPath() })
    await broker.produce(
      'ratings',
      Array.from({ length: 20_000 }, (_, i) => message(`${i}`, i % PARTITIONS)),
    )
    let handled = 0
    let turns = 0
    const finished = Promise.withResolvers<void>()
    const turn = () => {
      turns++
      if (handled < 20_000) setImmediate(turn)
      else finished.resolve()
    }
    await consume(broker, 'ratings', async ({ records }) => {
      handled += records.length
    })
    turn()
    await finished.promise
    expect(turns).toBeGreaterThan(2)
  })

  it('closes once what was under way is done, and refuses what comes later', async () => {
    const path = newPath()
    const broker = open({ path })
    const held = Promise.withResolvers<void>()
    const consumer = await consume(broker, 'ratings', async () => {
      await held.promise
      await broker.produce('dead-letters', [message('by the batch in hand')])
    })
    const produced = broker.produce('ratings', [message('x')])
    await produced
    const closed = Promise.all([broker.close(), broker.close()])
    held.resolve()
    await closed
    await consumer.done
    await broker.close()
    await expect(broker.produce('ratings', [message('x')])).rejects.toThrow('closed')
    await expect(broker.read('ratings', 0, 0, 1)).rejects.toThrow('closed')
    await expect(consume(broker, 'ratings', async () => {})).rejects.toThrow('closed')
    expect((await open({ path }).bounds('dead-letters'))[0]).toEqual({ begin: 0, end: 1 })
  })
})
