import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EventLog, MAX_APPEND_ROWS } from '../../src/event-log/event-log.ts'
import type { EventLogRow } from '../../src/event-log/event-log-batch.ts'
import { checkPositions } from '../../src/event-log/positions.ts'
import {
  historyBefore,
  type InteractionColumns,
  interactionsByUser,
  itemsAsOf,
  itemsShownAndTaken,
  usersAsOf,
} from '../../src/event-log/training-reads.ts'
import { encodeFloats } from '../../src/events/floats.ts'
import type { Features, Impression, Interaction } from '../../src/events/types.ts'
import { readTrainingSet } from '../../src/training/read-training-set.ts'
import { append } from './event-log-rows.ts'

export interface OpenedEventLog {
  readonly log: EventLog
  /** Removes everything, too. */
  close(): Promise<void>
}

export interface EventLogSubject {
  readonly name: string
  /** A log that nobody has used or migrated before. */
  open(): Promise<OpenedEventLog>
}

const LAST_MS = 253402300799999

export function eventLogSuite({ name, open }: EventLogSubject): void {
  describe(`event log: ${name}`, () => {
    let opened: OpenedEventLog
    let log: EventLog

    beforeEach(async () => {
      opened = await open()
      log = opened.log
      await log.migrate()
    })

    afterEach(() => opened.close())

    /** Closes the log at hand and goes on with one that has never been used. */
    const startAnew = async () => {
      await opened.close()
      opened = await open()
      log = opened.log
      await log.migrate()
    }

    it('starts empty', async () => {
      for (const topic of ['ratings', 'feedback', 'impressions'] as const) {
        expect(await log.offsets(topic)).toEqual(new Map())
      }
      expect(await checkPositions(log)).toEqual([])
      expect((await log.digest()).rows).toBe(0)
      expect(await collect(interactionsByUser(log, LAST_MS))).toEqual([])
    })

    it('migrates again, and from several places at once, without harm', async () => {
      await startAnew()
      await append(log, [rating(0, 0)])
      await Promise.all([log.migrate(), log.migrate(), log.migrate()])
      expect(await log.offsets('ratings')).toEqual(new Map([[0, 1]]))
      const applied = await log.query<{ name: string }>('SELECT name FROM schema_migrations FINAL ORDER BY name')
      expect(applied[0]).toEqual({ name: '001-tables.sql' })
      expect(new Set(applied.map((row) => row.name)).size).toBe(applied.length)
    })

    it('resumes each partition of each topic after its greatest offset', async () => {
      await append(log, [rating(0, 0), rating(0, 1), rating(3, 7), feedback(0, 0)])
      await append(log, [rating(0, 2), impression(1, 41)])
      expect(await log.offsets('ratings')).toEqual(
        new Map([
          [0, 3],
          [3, 8],
        ]),
      )
      expect(await log.offsets('feedback')).toEqual(new Map([[0, 1]]))
      expect(await log.offsets('impressions')).toEqual(new Map([[1, 42]]))
    })

    it('takes an empty append', async () => {
      await append(log, [])
      expect((await log.digest()).rows).toBe(0)
    })

    it('gives interactions back as they came', async () => {
      const events: Interaction[] = [
        ...HOSTILE_IDS.map((id) => interaction({ eventId: id, userId: id, itemId: id, requestId: id })),
        interaction({ kind: 'like', value: undefined }),
        interaction({ kind: 'skip', value: 0 }),
        interaction({ value: -1e6 }),
        interaction({ value: 0.1 + 0.2 }),
        interaction({ at: 0 }),
        interaction({ at: LAST_MS }),
      ]
      await append(
        log,
        events.map((event, offset) => ({ topic: 'feedback', partition: 9, offset, event })),
      )
      const rows = await log.query<Required<Interaction>>(
        'SELECT eventId, userId, itemId, kind, value, at, requestId FROM interactions ORDER BY offset',
      )
      expect(rows).toEqual(
        events.map((event) => ({ ...event, value: event.value ?? null, requestId: event.requestId ?? '' })),
      )
    })

    it('gives impressions back as they came', async () => {
      const items = HOSTILE_IDS.map((itemId) => ({ itemId, score: 0.5, sources: [itemId, 'trending'] }))
      const events: Impression[] = [
        { requestId: 'r1', userId: "it's", at: 5, release: 'a "b" \\N\n\t\0', items },
        { requestId: 'r2', userId: 'nobody', at: LAST_MS, release: '', items: [] },
        { requestId: 'r3', userId: 'u', at: 6, release: '\ud800', items: [{ itemId: 'i', score: -1, sources: [] }] },
        { requestId: 'r4', userId: 'u', at: 7, release: 'v', items: [], features: FEATURES },
      ]
      await append(
        log,
        events.map((event, offset) => ({ topic: 'impressions', partition: 0, offset, event })),
      )
      const rows = await log.query<{ release: string; itemIds: string[]; scores: number[]; sources: string[][] }>(
        'SELECT release, itemIds, scores, sources, features FROM impressions ORDER BY offset',
      )
      expect(rows).toEqual([
        {
          release: events[0]!.release,
          itemIds: HOSTILE_IDS,
          scores: HOSTILE_IDS.map(() => 0.5),
          sources: HOSTILE_IDS.map((id) => [id, 'trending']),
          features: '',
        },
        { release: '', itemIds: [], scores: [], sources: [], features: '' },
        { release: '\ufffd', itemIds: ['i'], scores: [-1], sources: [[]], features: '' },
        { release: 'v', itemIds: [], scores: [], sources: [], features: JSON.stringify(FEATURES) },
      ])
    })

    it('has features that SQL can read', async () => {
      const event: Impression = { requestId: 'r', userId: 'u', at: 7, release: 'v', items: [], features: FEATURES }
      await append(log, [{ topic: 'impressions', partition: 0, offset: 0, event }])
      const numbers = "reinterpret(base64Decode(JSONExtractString(features, 'items')), 'Array(Float32)')"
      expect(await log.query(`SELECT ${numbers} AS numbers FROM impressions`)).toEqual([{ numbers: [0.5, -1.25] }])
    })

    it('appends all rows or none', async () => {
      const bad = { ...rating(0, 1), event: interaction({ kind: 'unheard-of' as 'rating' }) } as EventLogRow
      const error = await rejection(append(log, [rating(0, 0), bad, rating(0, 2)]))
      expect(error).toMatchObject({ code: 'INTERNAL', retriable: false })
      expect(await log.offsets('ratings')).toEqual(new Map())
      expect((await log.digest()).rows).toBe(0)
    })

    it('stores the largest append as one part, and refuses a larger one', async () => {
      const rows = Array.from({ length: MAX_APPEND_ROWS }, (_, offset) => rating(0, offset))
      await append(log, rows)
      const parts = await log.query(
        `SELECT rows FROM system.parts WHERE active AND table = 'interactions' AND database = currentDatabase()`,
      )
      expect(parts).toEqual([{ rows: MAX_APPEND_ROWS }])
      const error = await rejection(append(log, [...rows, rating(0, MAX_APPEND_ROWS)]))
      expect(error).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(`${MAX_APPEND_ROWS}`) })
      expect(await log.offsets('ratings')).toEqual(new Map([[0, MAX_APPEND_ROWS]]))
    })

    it('is not changed by an append that is repeated', async () => {
      const rows = [rating(0, 0), rating(0, 1), feedback(1, 0), impression(0, 0)]
      await append(log, rows)
      const digest = await log.digest()
      await append(log, rows)
      await append(log, rows.slice(1))
      expect(digest.rows).toBe(4)
      expect(await log.digest()).toEqual(digest)
      expect((await checkPositions(log)).map(({ events, gaps }) => [events, gaps])).toEqual([
        [2, []],
        [1, []],
        [1, []],
      ])
      expect(await log.query('SELECT count() AS rows FROM interactions FINAL')).toEqual([{ rows: 3 }])
    })

    it('reports offsets that are missing, and those that are there more than once', async () => {
      await log.query('ALTER TABLE interactions MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1')
      await append(
        log,
        [0, 1, 4, 5, 9].map((offset) => rating(2, offset)),
      )
      await append(log, [rating(2, 5), feedback(0, 3)])
      expect(await checkPositions(log)).toEqual([
        {
          topic: 'ratings',
          partition: 2,
          first: 0,
          next: 10,
          events: 5,
          duplicates: 1,
          gaps: [
            [2, 4],
            [6, 9],
          ],
        },
        { topic: 'feedback', partition: 0, first: 3, next: 4, events: 1, duplicates: 0, gaps: [] },
      ])
    })

    it('has a digest of its content alone, whatever the batches and their order', async () => {
      const rows = Array.from({ length: 60 }, (_, n) => [rating(n % 4, n), feedback(n % 4, n), impression(0, n)]).flat()
      await append(log, rows)
      const whole = await log.digest()
      expect(whole).toEqual({ rows: 180, hash: expect.stringMatching(/^[0-9a-f]{1,16}$/) })
      await startAnew()
      for (let n = rows.length; n > 0; n -= 50) await append(log, rows.slice(Math.max(0, n - 50), n).reverse())
      expect(await log.digest()).toEqual(whole)
    })

    it.each<[string, EventLogRow]>([
      ['partition', rating(1, 0)],
      ['offset', rating(0, 1)],
      ['topic', feedback(0, 0)],
      ['value', rating(0, 0, { value: 3 })],
      ['absence of a value', rating(0, 0, { kind: 'like', value: undefined })],
      ['time', rating(0, 0, { at: 1 })],
      ['request', rating(0, 0, { requestId: 'r' })],
      ['border between two ids', rating(0, 0, { userId: 'u1i', itemId: '1' })],
    ])('has another digest where one event differs in its %s', async (_, other) => {
      await append(log, [rating(0, 0, { kind: 'like', value: 0, userId: 'u', itemId: '1i1' })])
      const one = await log.digest()
      await log.forget('u')
      await append(log, [other])
      expect((await log.digest()).hash).not.toBe(one.hash)
    })

    it('has another digest where the features of a slate differ', async () => {
      const { event, ...position } = impression(0, 0) as Extract<EventLogRow, { topic: 'impressions' }>
      const hashes: string[] = []
      for (const features of [undefined, FEATURES, { ...FEATURES, known: 3 }]) {
        await append(log, [{ ...position, event: { ...event, ...(features && { features }) } }])
        hashes.push((await log.digest()).hash)
        await log.forget('u')
      }
      expect(new Set(hashes).size).toBe(3)
    })

    it('binds parameters, whatever is in them', async () => {
      for (const text of HOSTILE_IDS) {
        expect(await log.query('SELECT {text: String} AS text, {n: Int64} AS n', { text, n: LAST_MS })).toEqual([
          { text, n: LAST_MS },
        ])
      }
    })

    it('answers each of many queries at once with its own parameters, while appending', async () => {
      const appends = Array.from({ length: 5 }, (_, partition) => append(log, [rating(partition, 0)]))
      const numbers = Array.from({ length: 40 }, (_, n) => n)
      const answers = await Promise.all(
        numbers.map((n) => log.query<{ n: number }>('SELECT {n: UInt32} AS n FROM numbers(3)', { n })),
      )
      expect(answers).toEqual(numbers.map((n) => [{ n }, { n }, { n }]))
      await Promise.all(appends)
      expect((await log.digest()).rows).toBe(5)
    })

    it('answers with one array per column', async () => {
      const columns = await log.columns('SELECT number AS n, toString(number) AS text FROM numbers({count: UInt8})', {
        count: 3,
      })
      expect(columns).toEqual({ n: [0, 1, 2], text: ['0', '1', '2'] })
      expect(await log.columns("SELECT 1 AS n, 'x' AS text WHERE 0")).toEqual({ n: [], text: [] })
    })

    it.each([
      ['a syntax error', 'SELEC 1', {}, /Syntax error/],
      ['an unknown table', 'SELECT * FROM nowhere', {}, /nowhere/],
      ['a missing parameter', 'SELECT {n: UInt8}', {}, /`n`/],
      ['a parameter of another type', 'SELECT {n: UInt8}', { n: 'many' }, /many/],
    ])('refuses %s as bad input', async (_, sql, parameters, message) => {
      for (const ask of ['query', 'columns'] as const) {
        const error = await rejection(log[ask](sql, parameters))
        expect(error).toMatchObject({ code: 'BAD_INPUT', retriable: false })
        expect(error.message).toMatch(message)
      }
    })

    it('forgets a user and still resumes where it was', async () => {
      await append(log, [
        rating(0, 0, { userId: 'stays' }),
        rating(0, 1, { userId: 'goes' }),
        rating(1, 0, { userId: 'goes' }),
        feedback(0, 0, { userId: 'goes' }),
        impression(0, 0, { userId: 'goes' }),
        impression(0, 1, { userId: 'stays' }),
      ])
      await log.forget('goes')
      await log.forget('unknown')
      for (const table of ['interactions', 'impressions']) {
        expect(await log.query(`SELECT userId FROM ${table} FINAL`)).toEqual([{ userId: 'stays' }])
      }
      expect(await log.offsets('ratings')).toEqual(
        new Map([
          [0, 2],
          [1, 1],
        ]),
      )
      expect(await log.offsets('feedback')).toEqual(new Map([[0, 1]]))
      expect(await log.offsets('impressions')).toEqual(new Map([[0, 2]]))
      expect((await checkPositions(log)).flatMap(({ gaps }) => gaps)).toEqual([])
      await append(log, [rating(0, 2, { userId: 'goes' })])
      expect(await log.offsets('ratings')).toEqual(
        new Map([
          [0, 3],
          [1, 1],
        ]),
      )
    })

    it('knows which event on `users` asked it to forget somebody', async () => {
      await append(log, [rating(0, 0, { userId: 'goes' })])
      expect(await log.offsets('users')).toEqual(new Map())
      await log.forget('goes', { partition: 2, offset: 7 })
      await log.forget('goes', { partition: 2, offset: 7 })
      expect(await log.offsets('users')).toEqual(new Map([[2, 8]]))
      expect(await log.offsets('ratings')).toEqual(new Map([[0, 1]]))
      expect(await log.query('SELECT userId FROM interactions FINAL')).toEqual([])
    })

    describe('training reads', () => {
      beforeEach(async () => {
        const users = ['1', '10', '2', 'ä', "o'h"]
        const rows = Array.from({ length: 50 }, (_, n) =>
          rating(0, n, { userId: users[n % 5]!, itemId: `i${n}`, value: n % 3, at: 1_000 + 10 * Math.floor(n / 10) }),
        )
        await append(log, rows.slice(20))
        await append(log, rows.slice(0, 20))
        await append(log, rows.slice(5, 10))
      })

      it.each([1, 7, 100_000])('give whole users in the order of the log, in blocks of about %i rows', async (size) => {
        const blocks = await collect(interactionsByUser(log, LAST_MS, size))
        const users = blocks.map(({ userId }) => [...new Set(userId)])
        expect(users.flat()).toEqual([...new Set(users.flat())].sort())
        expect(users.flat()).toHaveLength(5)
        if (size === 1) expect(users).toHaveLength(5)
        for (const block of blocks) {
          for (const user of new Set(block.userId)) {
            const items = block.itemId.filter((_, row) => block.userId[row] === user)
            expect(items.map((item) => Number(item.slice(1)))).toEqual(
              Array.from({ length: 10 }, (_, n) => 5 * n + Number(items[0]!.slice(1))),
            )
          }
        }
      })

      it('end at the watermark', async () => {
        const blocks = await collect(interactionsByUser(log, 1_010))
        const times = blocks.flatMap(({ at }) => at)
        expect(times).toHaveLength(20)
        expect(Math.max(...times)).toBe(1_010)
        expect(await collect(interactionsByUser(log, 999))).toEqual([])
      })

      it('become a training set as of the watermark, the catalogue behind what was met', async () => {
        const item = { itemId: 'unmet', title: 'Unmet' }
        const profile = { userId: '10', attributes: { gender: 'F' } }
        const set = await readTrainingSet(log, {
          asOf: 1_010,
          catalogue: [item],
          profiles: new Map([['10', profile]]),
        })
        expect(set.userIds).toEqual(['1', '10', '2', "o'h", 'ä'])
        expect([...set.starts]).toEqual([0, 4, 8, 12, 16, 20])
        const first = [...set.item.subarray(0, 4)].map((index) => set.itemIds[index])
        expect(first).toEqual(['i0', 'i5', 'i10', 'i15'])
        expect([...set.at.subarray(0, 4)]).toEqual([1_000, 1_000, 1_010, 1_010])
        expect([...set.value.subarray(0, 4)]).toEqual([0, 2, 1, 0])
        expect(set.itemIds).toHaveLength(21)
        expect(set.items[set.itemIds.indexOf('unmet')]).toEqual(item)
        expect(set.users).toEqual([undefined, profile, undefined, undefined, undefined])
      })

      it('give the history before a moment, without that moment', async () => {
        const history = await historyBefore(log, '1', 1_040, 3)
        expect(history).toEqual({
          userId: ['1', '1', '1'],
          itemId: ['i25', 'i30', 'i35'],
          kind: ['rating', 'rating', 'rating'],
          value: [1, 0, 2],
          at: [1_020, 1_030, 1_030],
        })
        expect((await historyBefore(log, '1', 1_000, 3)).at).toEqual([])
        expect((await historyBefore(log, "o'h", LAST_MS, 100)).at).toHaveLength(10)
      })

      it('leave out what was taken back', async () => {
        const fact = { userId: 'regretful', kind: 'like', value: undefined } as const
        await append(log, [
          rating(1, 900, { ...fact, itemId: 'kept', at: 1_000 }),
          rating(1, 901, { ...fact, itemId: 'regretted', at: 1_001 }),
          rating(1, 902, { ...fact, itemId: 'regretted', at: 1_001, kind: 'undo' }),
        ])
        expect((await historyBefore(log, 'regretful', 2_000, 10)).itemId).toEqual(['kept'])
        const blocks = await collect(interactionsByUser(log, LAST_MS))
        expect(blocks.flatMap(({ itemId }) => itemId)).toContain('kept')
        expect(blocks.flatMap(({ itemId }) => itemId)).not.toContain('regretted')
      })

      it('say at which place of the slate that it answers an item was', async () => {
        const answer = (offset: number, requestId: string, itemId: string, kind: 'like' | 'skip' = 'like') =>
          feedback(0, offset, { userId: 'fan', itemId, kind, value: undefined, requestId, at: 1_000 + offset })
        await append(log, [
          shown(0, 0, 'r1', 'fan', ['a', 'b', 'c']),
          shown(0, 1, 'r2', 'fan', ['c', 'a', 'b']),
          shown(1, 0, 'r3', 'another', ['a']),
          answer(0, 'r1', 'b', 'skip'),
          answer(1, 'r2', 'c'),
          answer(2, 'r2', 'unseen'),
          answer(3, 'r3', 'a'),
          answer(4, 'unknown', 'a'),
        ])
        const set = await readTrainingSet(log, { asOf: LAST_MS, positionBias: 0.5 })
        const fan = set.userIds.indexOf('fan')
        expect([...set.place.subarray(set.starts[fan], set.starts[fan + 1])]).toEqual([1, 0, -1, -1, -1])
        expect([...set.place.subarray(0, set.starts[fan])]).toEqual(Array(set.starts[fan]!).fill(-1))
        expect(set.positionBias).toBe(0.5)
        // Who was shown c at two places took it at the second; b was turned down, and is no choice.
        expect(await itemsShownAndTaken(log)).toEqual({ places: [[2, 0]], taken: [0] })
        const estimated = await readTrainingSet(log, { asOf: LAST_MS, positionBias: 'estimate' })
        expect(estimated.positionBias).toBeGreaterThan(0)
      })

      it('aggregate items and users as of a time', async () => {
        const items = await itemsAsOf(log, 1_000)
        expect(items.itemId).toHaveLength(10)
        const at = items.itemId.indexOf('i2')
        expect({ events: items.events[at], users: items.users[at], mean: items.meanValue[at] }).toEqual({
          events: 1,
          users: 1,
          mean: 2,
        })
        const users = await usersAsOf(log, 1_010)
        expect(users.userId).toEqual(['1', '10', '2', "o'h", 'ä'])
        expect(users.events).toEqual([4, 4, 4, 4, 4])
        expect(users.items).toEqual([4, 4, 4, 4, 4])
        expect(users.meanValue[0]).toBe((0 + 2 + 1 + 0) / 4)
        expect(users.valueVariance[0]).toBeCloseTo(0.6875, 10)
        expect([users.firstAt[0], users.lastAt[0]]).toEqual([1_000, 1_010])
      })
    })

    it('has views of events per day, user and item', async () => {
      const day = 24 * 3600 * 1000
      const rows = [
        rating(0, 0, { userId: 'a', itemId: 'x', value: 5, at: day - 1 }),
        rating(0, 1, { userId: 'a', itemId: 'y', value: 2, at: day }),
        rating(0, 2, { userId: 'b', itemId: 'x', kind: 'like', value: undefined, at: day }),
      ]
      await append(log, rows)
      await append(log, rows)
      expect(await log.query('SELECT day, kind, events, users FROM events_per_day ORDER BY day, kind')).toEqual([
        { day: '1970-01-01', kind: 'rating', events: 1, users: 1 },
        { day: '1970-01-02', kind: 'rating', events: 1, users: 1 },
        { day: '1970-01-02', kind: 'like', events: 1, users: 1 },
      ])
      expect(await log.query('SELECT userId, events, meanValue FROM events_per_user ORDER BY userId')).toEqual([
        { userId: 'a', events: 2, meanValue: 3.5 },
        { userId: 'b', events: 1, meanValue: null },
      ])
      expect(await log.query("SELECT events, lastTime FROM events_per_item WHERE itemId = 'x'")).toEqual([
        { events: 2, lastTime: '1970-01-02 00:00:00.000' },
      ])
    })
  })
}

/** Strings that one layer or another may take for something else. */
const HOSTILE_IDS = [
  'plain',
  "it's",
  '"quoted"',
  '\\',
  '\\N',
  "\\'",
  'NULL',
  'a;b',
  '; DROP TABLE interactions; --',
  "'); DROP TABLE interactions; --",
  '/*',
  '{text: String}',
  '[1,2]',
  ' spaces ',
  'é ﬁ 漢字 😀 \u2028 \u00a0',
  'x'.repeat(128),
  '😀'.repeat(64),
]

const DEFAULTS: Interaction = { eventId: 'e', userId: 'u', itemId: 'i', kind: 'rating', value: 4, at: 956703932000 }

type InteractionPatch = { [Field in keyof Interaction]?: Interaction[Field] | undefined }

function interaction(patch: InteractionPatch = {}): Interaction {
  return Object.fromEntries(
    Object.entries({ ...DEFAULTS, ...patch }).filter(([, value]) => value !== undefined),
  ) as unknown as Interaction
}

function rating(partition: number, offset: number, patch?: InteractionPatch): EventLogRow {
  const event = interaction({ eventId: `e-${partition}-${offset}`, ...patch })
  return { topic: 'ratings', partition, offset, event }
}

function feedback(partition: number, offset: number, patch?: InteractionPatch): EventLogRow {
  return { topic: 'feedback', partition, offset, event: interaction(patch) }
}

const FEATURES: Features = {
  now: 5,
  ranker: 'ranker',
  request: { k: 2, category: 'a "b" \\N\n\t\0' },
  names: ['blend', 'visits'],
  items: encodeFloats(Float32Array.of(0.5, -1.25)),
  contextNames: [],
  context: '',
  tables: { ratings: [3, 4] },
  lists: { ratings: [3, 2] },
  rowsFrom: { ratings: [3, 2] },
  rowsUntil: { ratings: [3, 2] },
  user: { ratings: 5 },
  known: 2,
}

function impression(partition: number, offset: number, { userId = 'u' } = {}): EventLogRow {
  const items = [{ itemId: `i${offset}`, score: offset / 7, sources: ['trending'] }]
  return { topic: 'impressions', partition, offset, event: { requestId: 'r', userId, at: 1, release: 'live', items } }
}

function shown(
  partition: number,
  offset: number,
  requestId: string,
  userId: string,
  itemIds: readonly string[],
): EventLogRow {
  const items = itemIds.map((itemId) => ({ itemId, score: 1, sources: [] }))
  return { topic: 'impressions', partition, offset, event: { requestId, userId, at: 1, release: 'live', items } }
}

async function collect(blocks: AsyncIterable<InteractionColumns>): Promise<InteractionColumns[]> {
  const collected: InteractionColumns[] = []
  for await (const block of blocks) collected.push(block)
  return collected
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => undefined,
    (error: Error) => error,
  )
  if (!outcome) throw new Error('nothing was rejected')
  return outcome
}
