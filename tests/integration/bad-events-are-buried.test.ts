import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Broker, Message } from '../../src/broker/broker.ts'
import { decode, encode } from '../../src/events/codec.ts'
import { KINDS } from '../../src/events/kinds.ts'
import type { DeadLetter, Interaction, Item, User } from '../../src/events/types.ts'
import { digestState, type StateDigest } from '../../src/state/digest.ts'
import { LIVE_GROUP } from '../../src/state/keys.ts'
import { type Embedded, openEmbedded } from '../embedded.ts'
import { badInteraction, badItem, badUser } from '../fakes/bad-messages.ts'
import { pick, seededRandom } from '../fakes/seeded-random.ts'

const ROUNDS = 10
const MESSAGES = 120
const TOPICS = ['items', 'ratings', 'feedback', 'users'] as const
type FuzzedTopic = (typeof TOPICS)[number]

interface Fuzzed extends Message {
  /** Why it must be refused; undefined for a good one. */
  readonly reason?: RegExp
}

/** What is produced at a time, all of one topic: between topics there is no order, so each is waited for. */
interface Round {
  readonly topic: FuzzedTopic
  readonly messages: readonly Fuzzed[]
}

const random = seededRandom(11)
const one = <T>(from: readonly T[]): T => pick(from, random)
let sequence = 0

function interaction(): Interaction {
  const kind = one(KINDS)
  return {
    eventId: `fuzz:${sequence++}`,
    userId: one([
      'ann',
      'bob',
      'Ж',
      '日本 🎬',
      'nobody has heard of',
      'x'.repeat(128),
      `u${Math.floor(random() * 20)}`,
    ]),
    itemId: `i${Math.floor(random() ** 2 * 120)}`,
    kind,
    ...(kind === 'rating' ? { value: one([1, 3.5, 5, -1e6, 0]) } : {}),
    at: one([0, 5, 253_402_300, 978_300_760_000, 978_300_760_000 + Math.floor(random() * 1e10)]),
  }
}

const user = (): User => ({ userId: `u${Math.floor(random() * 40)}`, attributes: { mood: `${random()}` } })
const item = (): Item => ({ itemId: `i${Math.floor(random() * 60)}`, title: `${random()}`, genres: [one(['A', 'B'])] })

function fuzzed(topic: FuzzedTopic): Fuzzed {
  const isBad = random() < 0.5
  // On a compacted topic a bad message under a good one's key would take its place, or lose its own.
  const ownKey = `bad-${sequence++}`
  if (topic === 'users') {
    const good = user()
    return isBad ? { key: ownKey, ...badUser(good, random) } : { key: good.userId, value: encode('users', good) }
  }
  if (topic === 'items') {
    const good = item()
    return isBad ? { key: ownKey, ...badItem(good, random) } : { key: good.itemId, value: encode('items', good) }
  }
  const good = interaction()
  return { key: good.userId, ...(isBad ? badInteraction(good, random) : { value: encode(topic, good) }) }
}

function rounds(): Round[] {
  return Array.from({ length: ROUNDS }).flatMap(() =>
    TOPICS.map((topic) => {
      const messages = Array.from({ length: MESSAGES }, () => fuzzed(topic))
      return { topic, messages: topic === 'users' || topic === 'items' ? messages : withCopies(messages) }
    }),
  )
}

/** Every tenth message comes again, somewhere later. */
function withCopies(messages: readonly Fuzzed[]): Fuzzed[] {
  const all = [...messages]
  for (const message of messages) {
    if (random() < 0.1) all.splice(all.indexOf(message) + 1 + Math.floor(random() * 20), 0, message)
  }
  return all
}

interface Outcome {
  readonly digest: StateDigest
  readonly letters: readonly DeadLetter[]
  readonly titles: readonly string[]
  readonly counts: Embedded['committed']
  /** Of each message, in the order produced. */
  readonly positions: readonly string[]
}

async function run(plan: readonly Round[]): Promise<Outcome> {
  const embedded = await openEmbedded()
  const { broker, store, catalogue, committed } = embedded
  try {
    const positions: string[] = []
    for (const { topic, messages } of plan) {
      const placed = await broker.produce(topic, messages)
      positions.push(...placed.map(({ partition, offset }) => `${topic}/${partition}/${offset}`))
      await embedded.caughtUp()
      const lastItem = messages.findLast(({ reason }) => topic === 'items' && !reason)
      if (lastItem) await vi.waitFor(() => expect(catalogue.get(lastItem.key)).toEqual(JSON.parse(`${lastItem.value}`)))
    }
    const titles = [...catalogue.values()].map(({ itemId, title }) => `${itemId} ${title}`).sort()
    const [digest, letters] = [await digestState(store, LIVE_GROUP), await lettersIn(broker)]
    return { digest, letters, titles, counts: { ...committed }, positions }
  } finally {
    await embedded.close()
  }
}

async function lettersIn(broker: Broker): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for (const [partition, { begin, end }] of (await broker.bounds('dead-letters')).entries()) {
    for (const { value } of await broker.read('dead-letters', partition, begin, end - begin)) {
      const decoded = decode('dead-letters', value)
      if (!decoded.ok) throw new Error(`a dead letter that is none: ${decoded.reason}`)
      letters.push(decoded.event)
    }
  }
  return letters
}

describe(`${ROUNDS * TOPICS.length * MESSAGES} messages, half of them bad, on ratings, feedback, users and items`, () => {
  const plan = rounds()
  const messages = plan.flatMap((round) => round.messages)
  const isInteraction = (topic: FuzzedTopic) => topic === 'ratings' || topic === 'feedback'
  let mixed: Outcome
  let good: Outcome

  beforeAll(async () => {
    mixed = await run(plan)
    good = await run(plan.map((round) => ({ ...round, messages: round.messages.filter(({ reason }) => !reason) })))
  })

  it('puts each bad one on dead-letters once, with where it stood and why', () => {
    const bad = new Map(messages.flatMap((message, i) => (message.reason ? [[mixed.positions[i]!, message]] : [])))
    expect(bad.size).toBeGreaterThan(2000)
    const buried = mixed.letters.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`)
    expect(buried.sort()).toEqual([...bad.keys()].sort())
    for (const { topic, partition, offset, reason, key, value } of mixed.letters) {
      const message = bad.get(`${topic}/${partition}/${offset}`)!
      expect(reason).toMatch(message.reason!)
      expect(reason.length).toBeLessThanOrEqual(1000)
      expect(Buffer.from(key!, 'base64').toString()).toBe(message.key)
      expect(Buffer.from(value, 'base64').equals(message.value.subarray(0, 65_536))).toBe(true)
    }
  })

  it('takes each good one, and comes to the state that the good ones alone come to', () => {
    const events = plan
      .flatMap(({ topic, messages }) => (isInteraction(topic) ? messages : []))
      .filter((m) => !m.reason)
    expect(mixed.counts).toEqual({ ...good.counts, refused: mixed.letters.length })
    expect(good.counts).toMatchObject({ events: events.length, refused: 0 })
    expect(good.letters).toEqual([])
    expect(mixed.digest).toEqual(good.digest)
    for (const { entries } of Object.values(mixed.digest)) expect(entries).toBeGreaterThan(0)
  })

  it('leaves a catalogue of the good items', () => {
    expect(mixed.titles).toEqual(good.titles)
    expect(mixed.titles.length).toBeGreaterThan(40)
  })
})
