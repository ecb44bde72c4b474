import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { latestProfiles } from '../../src/bin/roles/read-set.ts'
import { type EventLogSink, eventLogSink } from '../../src/consumers/event-log-sink.ts'
import { type LoggedSlate, loggedSlates } from '../../src/evaluation/skew/logged-slate.ts'
import { measureSkew } from '../../src/evaluation/skew/measure-skew.ts'
import { openChdbEventLog } from '../../src/event-log/chdb-event-log.ts'
import type { EventLog } from '../../src/event-log/event-log.ts'
import { encode } from '../../src/events/codec.ts'
import { decodeFloats, encodeFloats } from '../../src/events/floats.ts'
import { synthetic } from '../../src/producers/datasets/synthetic.ts'
import { replay } from '../../src/producers/replay.ts'
import { Random } from '../../src/random.ts'
import { FeatureReader } from '../../src/ranking/features.ts'
import { ItemContent } from '../../src/ranking/item-content.ts'
import { encodeParameters, initialParameters } from '../../src/ranking/ranker-parameters.ts'
import { ItemIndex } from '../../src/retrieval/online/item-index.ts'
import { OnlineState } from '../../src/retrieval/online/online-state.ts'
import { SOURCES } from '../../src/retrieval/retriever.ts'
import { LiveRecommender } from '../../src/serving/live-recommender.ts'
import { LIVE_GROUP } from '../../src/state/keys.ts'
import { fakeKernels, topicalModel } from '../fakes/fake-models.ts'
import { openServed, type Served } from '../served.ts'

const [USERS, ITEMS, PARTITIONS] = [60, 160, 4]
const ITEM_IDS = Array.from({ length: ITEMS }, (_, i) => `i${i + 1}`)
const ASKED = 40
const DIALS = [
  '',
  '&diversity=0.4',
  '&novelty=0.5',
  '&exclude=i1,i2,i3',
  '&k=30',
  '&category=Drama',
  '&satisfaction=0.5',
]

let folder: string
let served: Served
let log: EventLog
let sink: EventLogSink
let slates: LoggedSlate[]

/** A ranker that nobody has trained, and that listens to every feature. */
function ranker() {
  const reader = new FeatureReader(
    SOURCES.map(({ name }) => name),
    new ItemContent(new ItemIndex(), served.catalogue),
  )
  const random = new Random(1)
  const parameters = initialParameters(reader.names, reader.contextNames, random)
  for (let i = 0; i < parameters.linear.length; i++) parameters.linear[i]! += 0.2 * random.normal()
  parameters.output.set(Array.from(parameters.output, () => 0.2 * random.normal()))
  return { tensors: encodeParameters(parameters), metrics: {} }
}

/** Of a state that stands still: what serving has read up to a second before is then no older than the rest. */
async function askEverybody(): Promise<void> {
  await sink.flush()
  await served.caughtUp()
  await served.recommender.refresh()
  for (let n = 1; n <= ASKED; n++)
    await served.get(`/recommend?user=u${n}&k=20${DIALS[n % DIALS.length]}`.replace('k=20&k', 'k'))
}

const give = (userId: string, itemId: string) =>
  fetch(`${served.address}/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, itemId, kind: 'like' }),
  })

const measure = async (of: readonly LoggedSlate[], from: Pick<EventLog, 'columns' | 'offsets'> = log) =>
  measureSkew(of, {
    log: from,
    folder: served.folder,
    kernels: fakeKernels,
    partitions: PARTITIONS,
    items: [...served.catalogue.values()],
    profiles: await latestProfiles(served.broker),
  })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-'))
  log = await openChdbEventLog({ path: folder })
  await log.migrate()
  served = await openServed({ featureShare: 1 })
  sink = await eventLogSink({ broker: served.broker, log, maxDelayMs: 5 })
  await replay({ broker: served.broker, dataset: synthetic({ seed: 5, users: USERS, items: ITEMS, events: 3_000 }) })
  await askEverybody()
  const models = new Map([
    ['two-tower', topicalModel(ITEMS)] as const,
    ['sequence', topicalModel(ITEMS, { seed: 2 })] as const,
    ['ranker', ranker()] as const,
  ])
  await served.write('r1', models, ITEM_IDS)
  await served.promote('r1')
  await askEverybody()
  for (let n = 1; n <= USERS; n++) await give(`u${n}`, ITEM_IDS[(7 * n) % ITEMS]!)
  await askEverybody()
  await vi.waitFor(
    async () => {
      await sink.flush()
      slates = await loggedSlates(log, 1_000, 0)
      expect(slates).toHaveLength(3 * ASKED)
    },
    { timeout: 20_000, interval: 50 },
  )
}, 120_000)

afterAll(async () => {
  await sink?.stop()
  await served?.close()
  await log?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('skew', () => {
  it('is none where the state stood still: every feature, score and place is found again, to the last bit', async () => {
    expect(new Set(slates.map(({ release }) => release))).toEqual(new Set(['live', 'r1']))
    expect(new Set(slates.map(({ features }) => features.ranker))).toEqual(new Set(['blend', 'ranker']))
    const report = await measure(slates)
    expect(report.slates).toEqual({ checked: slates.length, leftOut: {} })
    const features = { ...report.items, ...report.context }
    const notIdentical = Object.entries(features).filter(([, { identical }]) => identical < 1)
    expect(notIdentical).toEqual([])
    expect(Object.keys(features).length).toBeGreaterThan(45)
    expect(report.all.values).toBeGreaterThan(3 * ASKED * 20 * 30)
    expect(report.score).toMatchObject({ identical: 1, max: 0 })
    expect(report.order).toEqual({ sameItems: 1, sameOrder: 1, overlapAt10: 1, tau: 1 })
    expect([report.otherHistory, report.unknown]).toEqual([0, []])
  })

  it('of one feature is of that feature alone', async () => {
    const planted = slates.map((slate) => {
      const { names, items } = slate.features
      const rows = decodeFloats(items)
      for (let at = names.indexOf('visits'); at < rows.length; at += names.length) rows[at]! *= 1.1
      return { ...slate, features: { ...slate.features, items: encodeFloats(rows) } }
    })
    const { items, context, all, score, worst } = await measure(planted)
    const differing = Object.entries({ ...items, ...context }).filter(([, skew]) => skew.differing > 0)
    expect(differing.map(([name]) => name)).toEqual(['visits'])
    expect(items.visits!.differing).toBeGreaterThan(0.9)
    expect(worst).toEqual({ name: 'visits', differing: items.visits!.differing })
    expect(items.visits!.correlation).toBeCloseTo(1)
    expect(all.differing).toBeGreaterThan(0)
    expect(score.differing).toBe(0)
  })

  it('is found where the log lacks an event that serving knew of', async () => {
    const without: Pick<EventLog, 'columns' | 'offsets'> = {
      offsets: (topic) => log.offsets(topic),
      columns: (sql, parameters) =>
        log.columns(sql.replace('WHERE', "WHERE NOT (topic = 'feedback' AND userId = 'u1') AND"), parameters),
    }
    const report = await measure(slates, without)
    expect(report.otherHistory).toBe(1)
    expect(report.all.differing).toBeGreaterThan(0)
    expect(report.order.sameOrder).toBeLessThan(1)
  })

  it('is measured of several servers, each of which reads the state at a pace of its own', async () => {
    const [first] = slates.filter(({ features }) => features.tables.feedback!.every((offset) => offset === 0))
    const own = slates.filter(({ userId }) => userId === first!.userId).map(({ features }) => features.user)
    const user = own.find(({ feedback }) => feedback! > 0)!
    // Tables of before all feedback, the user of after it: what others read of that partition is behind.
    const ahead = { ...first!, features: { ...first!.features, user } }
    const { slates: counted, otherHistory } = await measure([...slates, ahead])
    expect(counted).toEqual({ checked: slates.length + 1, leftOut: {} })
    expect(otherHistory).toBe(1)
  })

  it('of co-visits and trails that serving had kept is told apart from any other', async () => {
    const kept = { maxBytes: 2 ** 24, maxAgeMs: 600_000 }
    const online = new OnlineState(served.store, LIVE_GROUP, new ItemIndex(), kept)
    const recommender = new LiveRecommender({ online, catalogue: served.catalogue })
    const slateOf = async (userId: string): Promise<LoggedSlate> => {
      const { items, features, ...slate } = await recommender.recommend({ userId, k: 20, features: true })
      const [itemIds, scores] = [items.map(({ itemId }) => itemId), items.map(({ score }) => score)]
      return { ...slate, at: 0, itemIds, scores, features: features! }
    }
    const users = Array.from({ length: ASKED }, (_, n) => `u${n + 1}`)
    await recommender.refresh()
    for (const user of users) await slateOf(user)
    for (let n = 0; n < 40; n++) for (const step of [3, 7]) await give(`other-${n}`, ITEM_IDS[(step * n) % ITEMS]!)
    await served.caughtUp()
    await vi.waitFor(() => expect(sink.lag()).toBe(0), { timeout: 20_000, interval: 5 })
    await recommender.refresh()
    const report = await measure(await Promise.all(users.map(slateOf)))
    expect(report.slates).toEqual({ checked: ASKED, leftOut: {} })
    expect(report.all.stale).toBeGreaterThan(0.01)
    expect(report.all.differing).toBe(0)
    expect(report.worst.differing).toBe(0)
    expect(report.items.visits).toMatchObject({ identical: 1 })
  })

  it('is measured of what can be made again: what is left out is counted with the reason', async () => {
    const [live] = slates.filter(({ release }) => release === 'live')
    const [, changed] = slates.filter(({ userId }) => userId !== live!.userId)
    const ahead = {
      ...live!,
      features: { ...live!.features, tables: { ...live!.features.tables, ratings: [1e6, 0, 0, 0] } },
    }
    const user = { userId: changed!.userId, attributes: { age: '7' } }
    await served.broker.produce('users', [{ key: user.userId, value: encode('users', user) }])
    const report = await measure([live!, { ...live!, release: 'gone' }, ahead, changed!])
    expect(report.slates).toEqual({
      checked: 1,
      leftOut: {
        'release gone is not kept, or cannot be read': 1,
        'events that it knew of are not in the event log, or not yet': 1,
        'the profile of the user has changed since': 1,
      },
    })
  })
})
