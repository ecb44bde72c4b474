import { TributaryError } from '../../errors.ts'
import { KINDS } from '../../events/kinds.ts'
import type { Item, User } from '../../events/types.ts'
import { Random } from '../../random.ts'
import type { Dataset, InteractionChunk } from './dataset.ts'
import { type StreamPlan, SyntheticStream } from './synthetic-stream.ts'
import { madeUpTitle } from './synthetic-titles.ts'
import { genreNames, makeWorld } from './synthetic-world.ts'

export interface SyntheticOptions {
  /** Default 1. */
  readonly seed?: number
  /** Default 2,500. */
  readonly users?: number
  /** Default 2,000. */
  readonly items?: number
  /** Default 250,000: a quarter of ML-1M. */
  readonly events?: number
}

const START_AT = Date.UTC(2022, 0, 1)
const SPAN_MS = 730 * 86_400_000
const CHUNK_ROWS = 1 << 14
const RATING = KINDS.indexOf('rating')

/**
 * A made-up stream with the structure of a real one, the same for the same options: tastes and genres, popularity
 * skew, sessions, items that follow one another, drift. Reading from the middle generates what comes before, too.
 */
export function synthetic(options: SyntheticOptions = {}): Dataset {
  const { seed = 1, users = 2500, items = 2000, events = 250_000 } = options
  for (const [name, count] of Object.entries({ seed, users, items, events })) {
    if (Number.isSafeInteger(count) && count >= (name === 'seed' ? 0 : 1)) continue
    throw new TributaryError('BAD_USAGE', `synthetic data: ${name} must be a whole number from 1 on, not ${count}`)
  }
  const plan: StreamPlan = { seed, users, items, events, startAt: START_AT, spanMs: SPAN_MS }
  return {
    name: `synthetic-${seed}-${users}-${items}-${events}`,
    about: `a synthetic stream (seed ${seed}, ${users} users, ${items} items)`,
    size: events,
    firstAt: START_AT,
    lastAt: START_AT + SPAN_MS,
    userIds: Array.from({ length: users }, (_, user) => `u${user + 1}`),
    itemIds: Array.from({ length: items }, (_, item) => itemIdOf(item)),
    chunks: (first) => generate(plan, first),
    items: () => describeItems(plan),
    users: () => [] as User[],
  }
}

/** The options of a stream by its name, as `synthetic` gave it; undefined for other names. */
export function parseSyntheticName(name: string): Required<SyntheticOptions> | undefined {
  const match = /^synthetic-(\d+)-(\d+)-(\d+)-(\d+)$/.exec(name)
  if (!match) return undefined
  const [seed, users, items, events] = match.slice(1).map(Number) as [number, number, number, number]
  return { seed, users, items, events }
}

function* generate(plan: StreamPlan, first = 0): Generator<InteractionChunk> {
  const stream = new SyntheticStream(plan)
  for (let skipped = 0; skipped < Math.min(first, plan.events); skipped++) {
    if (skipped % CHUNK_ROWS === CHUNK_ROWS - 1) yield emptyChunk(first, 0)
    stream.next()
  }
  for (let sequence = first; sequence < plan.events; sequence += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, plan.events - sequence)
    const chunk = emptyChunk(sequence, rows)
    for (let row = 0; row < rows; row++) {
      const event = stream.next()
      chunk.user[row] = event.user
      chunk.item[row] = event.item
      chunk.value[row] = event.rating
      chunk.at[row] = event.at
    }
    yield chunk
  }
}

function emptyChunk(sequence: number, rows: number) {
  return {
    sequence,
    user: new Uint32Array(rows),
    item: new Uint32Array(rows),
    kind: new Uint8Array(rows).fill(RATING),
    value: new Float64Array(rows),
    at: new Float64Array(rows),
  }
}

function* describeItems(plan: StreamPlan): Generator<Item> {
  const random = new Random(plan.seed)
  const { itemGenres, itemBirth } = makeWorld(random, plan.users, plan.items)
  const lastYear = new Date(plan.startAt).getUTCFullYear()
  for (let item = 0; item < plan.items; item++) {
    const birth = itemBirth[item]!
    // who was there before the stream is mostly young; who is born in it has the year of that day
    const bornYear = new Date(plan.startAt + birth * plan.spanMs).getUTCFullYear()
    const year = birth > 0 ? bornYear : lastYear - 1 - Math.floor(60 * random.uniform() ** 2)
    yield { itemId: itemIdOf(item), title: madeUpTitle(item), genres: genreNames(itemGenres[item]!), year }
  }
}

function itemIdOf(item: number): string {
  return `i${item + 1}`
}
