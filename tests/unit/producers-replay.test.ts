import { describe, expect, it } from 'vitest'
import { TributaryError } from '../../src/errors.ts'
import { encode } from '../../src/events/codec.ts'
import { partitionFor } from '../../src/events/topics.ts'
import type { Interaction, Item } from '../../src/events/types.ts'
import { produceCatalogue } from '../../src/producers/catalogue.ts'
import { type Dataset, interactions } from '../../src/producers/datasets/dataset.ts'
import { IdTable } from '../../src/producers/datasets/id-table.ts'
import { InteractionTable } from '../../src/producers/datasets/interaction-table.ts'
import { synthetic } from '../../src/producers/datasets/synthetic.ts'
import { tableDataset } from '../../src/producers/datasets/table-dataset.ts'
import type { ReplayProgress } from '../../src/producers/progress.ts'
import { replay } from '../../src/producers/replay.ts'
import type { ReplayClock } from '../../src/producers/replay-options.ts'
import { findResumePoint, lastReplayed } from '../../src/producers/resume-point.ts'
import { Random } from '../../src/random.ts'
import { FakeLog } from './fake-log.ts'

const MAX = Number.POSITIVE_INFINITY
const dataset = synthetic({ seed: 3, users: 60, items: 40, events: 1500 })

describe('a replay', () => {
  it('produces the catalogue, then every interaction once, in stream order within each partition', async () => {
    const log = new FakeLog()
    const outcome = await replay({ broker: log, dataset })
    expect(outcome).toEqual({
      end: 'complete',
      produced: 1500,
      position: 1500,
      catalogue: { items: 40, users: 0 },
      run: 1,
    })
    expect(log.batches[0]!.topic).toBe('items')
    expectWhole(log, dataset)
    expect(log.events<Item>('items').flat().length).toBe(40)
  })

  it('that ended past where it is to go reports how much there is, not how far it was to go', async () => {
    const log = new FakeLog()
    await replay({ broker: log, dataset })
    const reports: ReplayProgress[] = []
    await replay({ broker: log, dataset, untilSequence: 1350, onProgress: (progress) => reports.push(progress) })
    expect(reports.length).toBeGreaterThan(0)
    // On a busy machine there is more than the last report.
    for (const { position, total } of reports) expect([position, total]).toEqual([1500, 1500])
  })

  it('never sends a batch larger than asked for', async () => {
    const log = new FakeLog()
    await replay({ broker: log, dataset, batchSize: 64 })
    const sizes = log.batches.filter(({ topic }) => topic === 'ratings').map(({ size }) => size)
    expect(Math.max(...sizes)).toBe(64)
    expectWhole(log, dataset)
  })

  it('has one batch on its way at a time', async () => {
    const log = new FakeLog()
    let onTheirWay = 0
    let most = 0
    log.beforeProduce = async (_, messages) => {
      most = Math.max(most, ++onTheirWay)
      await new Promise((resolve) => setImmediate(resolve))
      onTheirWay--
      return messages
    }
    await replay({ broker: log, dataset, batchSize: 50 })
    expect(most).toBe(1)
    expectWhole(log, dataset)
  })

  it('lets others have their turn at max speed', async () => {
    const log = new FakeLog()
    let turns = 0
    let isOver = false
    const takeTurn = () => {
      turns++
      if (!isOver) setImmediate(takeTurn)
    }
    setImmediate(takeTurn)
    await replay({ broker: log, dataset, batchSize: 100 })
    isOver = true
    expect(turns).toBeGreaterThan(10)
  })

  it('keeps to from, until, untilSequence and limit', async () => {
    const events = [...interactions(dataset)]
    const ids = async (options: object) => {
      const log = new FakeLog()
      const outcome = await replay({ broker: log, dataset, ...options })
      const produced = log.events('ratings').flat().map(sequenceOf)
      return { end: outcome.end, produced: produced.sort((a, b) => a - b) }
    }
    const from = events[300]!.at
    const until = events[1000]!.at
    const within = events.flatMap(({ at }, i) => (at >= from && at < until ? [i] : []))
    expect(await ids({ from, until })).toEqual({ end: 'limit', produced: within })
    expect(await ids({ untilSequence: 20 })).toEqual({ end: 'limit', produced: range(0, 20) })
    expect(await ids({ limit: 7 })).toEqual({ end: 'limit', produced: range(0, 7) })
    expect(await ids({ from, limit: 5 })).toEqual({ end: 'limit', produced: within.slice(0, 5) })
    expect(await ids({ limit: 0 })).toEqual({ end: 'limit', produced: [] })
  })

  it('tells its progress to the end', async () => {
    const progress: ReplayProgress[] = []
    await replay({ broker: new FakeLog(), dataset, lag: () => 12, onProgress: (latest) => progress.push(latest) })
    expect(progress.at(-1)).toMatchObject({
      dataset: dataset.name,
      produced: 1500,
      position: 1500,
      total: 1500,
      streamAt: [...interactions(dataset, 1499)][0]!.at,
      speed: MAX,
      paused: false,
      lag: 12,
    })
  })
})

describe('a replay after a stop', () => {
  it('goes on where the log ends', async () => {
    const log = new FakeLog()
    const first = await replay({ broker: log, dataset, limit: 400 })
    const second = await replay({ broker: log, dataset, limit: 400 })
    const third = await replay({ broker: log, dataset })
    expect([first, second, third].map(({ produced, position, end }) => [produced, position, end])).toEqual([
      [400, 400, 'limit'],
      [400, 800, 'limit'],
      [700, 1500, 'complete'],
    ])
    expect(await replay({ broker: log, dataset })).toMatchObject({ end: 'complete', produced: 0, position: 1500 })
    expectWhole(log, dataset)
  })

  it('stops on the signal with whole batches, and misses nothing later', async () => {
    const log = new FakeLog()
    const controller = new AbortController()
    log.beforeProduce = (topic, messages) => {
      if (topic === 'ratings' && log.batches.length > 5) controller.abort()
      return messages
    }
    const stopped = await replay({ broker: log, dataset, batchSize: 50, signal: controller.signal })
    expect(stopped.end).toBe('stopped')
    expect(stopped.produced).toBe(log.events('ratings').flat().length)
    expect(stopped.produced).toBeLessThan(1000)
    expect(await replay({ broker: log, dataset, signal: controller.signal })).toMatchObject({
      end: 'stopped',
      produced: 0,
    })
    await replay({ broker: log, dataset })
    expectWhole(log, dataset)
  })

  it('is exact when it died in the middle of a batch, whatever part of it each partition has', async () => {
    const random = new Random(1)
    const short = synthetic({ seed: 5, users: 25, items: 30, events: 400 })
    for (let round = 0; round < 30; round++) {
      const log = new FakeLog(1 + random.below(6))
      for (let crash = 0; crash < 4; crash++) {
        let batchesLeft = random.below(6)
        log.beforeProduce = (topic, messages) => {
          if (topic !== 'ratings' || batchesLeft-- > 0) return messages
          const kept = Array.from({ length: log.partitions }, () => random.below(messages.length))
          for (const message of messages) {
            if (kept[partitionFor(message.key, log.partitions)]!-- > 0) log.append(topic, message)
          }
          throw new Error('killed')
        }
        await replay({ broker: log, dataset: short, batchSize: 1 + random.below(50) }).catch(() => {})
      }
      log.beforeProduce = (_, messages) => messages
      await replay({ broker: log, dataset: short })
      expectWhole(log, short)
    }
  })

  it('finds its last event behind thousands of others', async () => {
    const log = new FakeLog(2)
    await replay({ broker: log, dataset, limit: 700 })
    const other = synthetic({ seed: 4, users: 200, items: 50, events: 20_000 })
    await replay({ broker: log, dataset: other })
    log.append('ratings', { key: 'u1', value: Buffer.from('no JSON'), partition: 0 })
    log.append('ratings', { key: 'u1', value: Buffer.from('null'), partition: 1 })
    log.append('ratings', { key: 'u1', value: encode('ratings', foreign(`${dataset.name}:x`)) })
    log.append('ratings', { key: 'u1', value: encode('ratings', foreign('5f0c')) })
    expect(await replay({ broker: log, dataset })).toMatchObject({ produced: 800, end: 'complete' })
    const records = [...log.log('ratings', 0), ...log.log('ratings', 1)].map(({ value }) =>
      Buffer.from(value).toString(),
    )
    const own = records.filter(
      (record) => record.startsWith(`{"eventId":"${dataset.name}:`) && record.includes('"value"'),
    )
    expect(new Set(own).size).toBe(1500)
    expect(own.length).toBe(1500)
  })

  it('leaves the catalogue alone where it is there, and adds what is missing', async () => {
    const log = new FakeLog()
    await replay({ broker: log, dataset, limit: 100 })
    const takenOut = { ...[...dataset.items()][4]!, available: false }
    log.append('items', { key: takenOut.itemId, value: encode('items', takenOut) })
    const grown: Dataset = { ...dataset, items: () => [...dataset.items(), { itemId: 'i99', title: 'New' }] }
    const outcome = await replay({ broker: log, dataset: grown })
    expect(outcome.catalogue).toEqual({ items: 1, users: 0 })
    const latest = new Map(
      log
        .events<Item>('items')
        .flat()
        .map((item) => [item.itemId, item]),
    )
    expect(latest.get(takenOut.itemId)).toEqual(takenOut)
    expect(latest.get('i99')).toEqual({ itemId: 'i99', title: 'New' })
  })

  it('does not bring a forgotten user’s profile back', async () => {
    const log = new FakeLog()
    const profiles: Dataset = {
      ...dataset,
      users: () => [{ userId: 'u1', attributes: { region: 'x' } }, { userId: 'u2' }],
    }
    await replay({ broker: log, dataset: profiles, limit: 10 })
    log.append('users', { key: 'u1', value: encode('users', { userId: 'u1', forgotten: true }) })
    for (const send of ['changed', 'missing'] as const) {
      expect(await produceCatalogue(log, profiles, { send })).toEqual({ items: 0, users: 0 })
    }
  })

  it('refuses to go on with other data under the same name, before it has sent anything', async () => {
    const log = new FakeLog()
    await replay({ broker: log, dataset, limit: 800 })
    const other = { ...synthetic({ seed: 9, users: 60, items: 40, events: 1500 }), name: dataset.name }
    const before = log.events('ratings').flat().length
    await expect(replay({ broker: log, dataset: other })).rejects.toThrow(
      expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining('have changed since') }),
    )
    expect(log.events('ratings').flat().length).toBe(before)
  })

  it('knows which data set the log was filled with', async () => {
    const log = new FakeLog()
    expect(await lastReplayed(log)).toBeUndefined()
    await replay({ broker: log, dataset, limit: 1 })
    log.append('ratings', { key: 'u', value: encode('ratings', foreign('f-1')) })
    expect(await lastReplayed(log)).toBe(dataset.name)
  })
})

describe('a replay again', () => {
  it('starts over as a run of its own, with the catalogue brought up to date', async () => {
    const log = new FakeLog()
    await replay({ broker: log, dataset })
    log.append('items', { key: 'i1', value: encode('items', { itemId: 'i1', title: 'Changed' }) })
    const outcome = await replay({ broker: log, dataset, again: true, limit: 500 })
    expect(outcome).toMatchObject({ run: 2, produced: 500, position: 500, catalogue: { items: 1 } })
    expect(
      log
        .events('ratings')
        .flat()
        .filter(({ eventId }) => eventId.startsWith(`${dataset.name}#2:`)).length,
    ).toBe(500)
  })

  it('goes on with the latest run after a stop', async () => {
    const log = new FakeLog()
    await replay({ broker: log, dataset })
    await replay({ broker: log, dataset, again: true, limit: 3 })
    expect((await findResumePoint(log, dataset.name)).run).toBe(2)
    expect(await replay({ broker: log, dataset })).toMatchObject({ run: 2, produced: 1497, end: 'complete' })
    const ids = log
      .events('ratings')
      .flat()
      .map(({ eventId }) => eventId)
    expect(new Set(ids).size).toBe(3000)
    expect(ids.length).toBe(3000)
  })
})

describe('a broker that is away', () => {
  it('is tried again, without loss and without doubles, though it had written part of the batch', async () => {
    const log = new FakeLog(3)
    let attempts = 0
    log.beforeProduce = (topic, messages) => {
      if (topic !== 'ratings' || ++attempts % 3 !== 0) return messages
      for (const message of messages.slice(0, attempts)) log.append(topic, message)
      throw new TributaryError('UNAVAILABLE', 'no leader')
    }
    const waits: number[] = []
    const clock: ReplayClock = { now: () => performance.now(), sleep: async () => {} }
    const onRetry = (_: TributaryError, waitMs: number) => waits.push(waitMs)
    const outcome = await replay({ broker: log, dataset, batchSize: 200, clock, onRetry })
    expect(outcome).toMatchObject({ end: 'complete', produced: 1500 })
    expect(waits.length).toBeGreaterThan(2)
    expect(waits[1]).toBe(2 * waits[0]!)
    expectWhole(log, dataset)
  })

  it('ends the replay when the refusal is final', async () => {
    const log = new FakeLog()
    log.beforeProduce = () => {
      throw new TributaryError('CORRUPT', 'bad page')
    }
    await expect(replay({ broker: log, dataset })).rejects.toThrow('bad page')
  })

  it('is not waited for once the signal is aborted', async () => {
    const log = new FakeLog()
    const controller = new AbortController()
    log.beforeProduce = () => {
      throw new TributaryError('UNAVAILABLE', 'no leader')
    }
    const outcome = await replay({ broker: log, dataset, signal: controller.signal, onRetry: () => controller.abort() })
    expect(outcome).toMatchObject({ end: 'stopped', produced: 0 })
  })
})

describe('a paced replay', () => {
  it('sends each event when it is due, those due together in one batch, with event times as they were', async () => {
    const log = new FakeLog(1)
    const clock = new FakeClock()
    const seconds = [0, 100, 100, 100, 250, 1000]
    const sentAt: number[][] = []
    log.beforeProduce = (_, messages) => {
      sentAt.push([clock.now(), messages.length])
      return messages
    }
    await replay({ broker: log, dataset: at(seconds), control: { speed: 100, paused: false }, clock })
    expect(sentAt).toEqual([
      [0, 1],
      [1000, 3],
      [2500, 1],
      [10_000, 1],
    ])
    expect(log.events('ratings')[0]!.map((event) => event.at)).toEqual(seconds.map((second) => START + second * 1000))
  })

  it('follows a change of speed', async () => {
    const clock = new FakeClock()
    const control = { speed: 1, paused: false }
    clock.at(5_000, () => {
      control.speed = 10
    })
    expect(await sendTimes(at([0, 10, 110]), control, clock)).toEqual([0, 5_500, 15_500])
  })

  it('comes down from max to a pace in the middle of the stream', async () => {
    const clock = new FakeClock()
    const control = { speed: MAX, paused: false }
    const times = await sendTimes(at([0, 1000, 2000, 2010, 2030]), control, clock, (sent) => {
      if (sent === 3) control.speed = 1
    })
    expect(times).toEqual([0, 0, 0, 10_000, 30_000])
  })

  it('stands still while it is paused, and goes on where it was', async () => {
    const clock = new FakeClock()
    const control = { speed: 1, paused: false }
    clock.at(4_000, () => {
      control.paused = true
    })
    clock.at(60_000, () => {
      control.paused = false
    })
    expect(await sendTimes(at([0, 10, 20]), control, clock)).toEqual([0, 66_000, 76_000])
  })

  it('can be paused at max speed, too', async () => {
    const clock = new FakeClock()
    const control = { speed: MAX, paused: false }
    clock.at(7_000, () => {
      control.paused = false
    })
    const times = await sendTimes(at([0, 10, 20, 30]), control, clock, (sent) => {
      if (sent === 2) control.paused = true
    })
    expect(times).toEqual([0, 0, 7_000, 7_000])
  })

  it('shortens quiet stretches when asked to', async () => {
    const control = { speed: 10, paused: false }
    const times = await sendTimes(at([0, 5, 100_000, 100_010, 900_000]), control, new FakeClock(), undefined, 1000)
    expect(times).toEqual([0, 500, 1500, 2500, 3500])
  })

  it('stops while it waits', async () => {
    const log = new FakeLog(1)
    const clock = new FakeClock()
    const controller = new AbortController()
    clock.at(3_000, () => controller.abort())
    const control = { speed: 1, paused: false }
    const outcome = await replay({ broker: log, dataset: at([0, 1, 100]), control, clock, signal: controller.signal })
    expect(outcome).toMatchObject({ end: 'stopped', produced: 2, position: 2 })
    expect(clock.now()).toBe(3_000)
  })

  it('tells how long the rest will take', async () => {
    const progress: ReplayProgress[] = []
    const control = { speed: 10, paused: false }
    const options = { control, clock: new FakeClock(), onProgress: (latest: ReplayProgress) => progress.push(latest) }
    await replay({ broker: new FakeLog(1), dataset: at([0, 10, 1000]), ...options })
    expect(progress.find(({ produced }) => produced === 2)?.etaMs).toBe(99_000)
  })
})

const START = 1_000_000_000_000

/** A clock that moves only when someone sleeps. */
class FakeClock implements ReplayClock {
  #now = 0
  #events: { ms: number; happen: () => void }[] = []

  at(ms: number, happen: () => void): void {
    this.#events.push({ ms, happen })
  }

  now(): number {
    return this.#now
  }

  async sleep(ms: number): Promise<void> {
    this.#now = Math.round((this.#now + ms) * 1000) / 1000
    for (const { happen } of this.#events.filter((event) => event.ms <= this.#now)) happen()
    this.#events = this.#events.filter((event) => event.ms > this.#now)
  }
}

/** A data set of one user with events so many seconds into the stream. */
function at(seconds: readonly number[]): Dataset {
  const parts = { table: new InteractionTable(), users: new IdTable(), items: new IdTable() }
  for (const second of seconds)
    parts.table.add(parts.users.intern('u'), parts.items.intern('i'), 0, 3, START + second * 1000)
  return tableDataset({ name: 'paced', about: 'paced', ...parts, catalogue: [], profiles: [] })
}

/** When each event was sent, ms. */
async function sendTimes(
  paced: Dataset,
  control: { speed: number; paused: boolean },
  clock: FakeClock,
  afterSending?: (sent: number) => void,
  maxGapMs?: number,
): Promise<number[]> {
  const log = new FakeLog(1)
  const times: number[] = []
  log.beforeProduce = (_, messages) => {
    for (const _message of messages) times.push(clock.now())
    afterSending?.(times.length)
    return messages
  }
  await replay({ broker: log, dataset: paced, control, clock, batchSize: 1, ...(maxGapMs ? { maxGapMs } : {}) })
  return times
}

/** All of the data set is there, once, and in stream order within each partition. */
function expectWhole(log: FakeLog, whole: Dataset): void {
  const partitions = log.events('ratings')
  for (const events of partitions) {
    const sequences = events.map(sequenceOf)
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  }
  const events = partitions.flat().toSorted((a, b) => sequenceOf(a) - sequenceOf(b))
  expect(events).toEqual([...interactions(whole)])
}

function sequenceOf({ eventId }: Interaction): number {
  return Number(eventId.slice(eventId.lastIndexOf(':') + 1))
}

function foreign(eventId: string): Interaction {
  return { eventId, userId: 'u', itemId: 'i', kind: 'click', at: 1 }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
