// Messages that no consumer can take, each made of a good event and with what its refusal must say.
import { MAX_AHEAD_MS } from '../../src/events/codec.ts'
import type { Interaction, Item, User } from '../../src/events/types.ts'
import { pick } from './seeded-random.ts'

export interface BadMessage {
  readonly value: Uint8Array
  readonly reason: RegExp
}

type Random = () => number
type Fields = Record<string, unknown>

const MEGABYTE = 2 ** 20
const DAY_MS = 24 * 3600 * 1000

export function badInteraction(good: Interaction, random: Random): BadMessage {
  return pick([...ANY, ...INTERACTION], random)({ ...good }, random)
}

export function badUser(good: User, random: Random): BadMessage {
  return pick([...ANY, ...USER], random)({ ...good }, random)
}

export function badItem(good: Item, random: Random): BadMessage {
  return pick([...ANY, ...ITEM], random)({ ...good }, random)
}

type Spoil = (good: Fields, random: Random) => BadMessage

const bytes = (value: Uint8Array | string, reason: RegExp): BadMessage => ({ value: Buffer.from(value), reason })
const json = (event: unknown, reason: RegExp) => bytes(JSON.stringify(event), reason)
/** The good event with other fields. */
const set =
  (fields: Fields, reason: RegExp): Spoil =>
  (good) =>
    json({ ...good, ...fields }, reason)
/** The good event with a field written as it stands. */
const raw =
  (field: string, text: string, reason: RegExp): Spoil =>
  (good) =>
    bytes(
      JSON.stringify({ ...good, [field]: '@@' }).replace('"@@"', () => text),
      reason,
    )

/** A body of 1 MB is costly, so most are smaller. */
const large = (random: Random) => 'x'.repeat(random() < 0.1 ? MEGABYTE : 5000)

const NO_EVENT = /^(not JSON|not valid UTF-8|must be object|must have required)/

const ANY: readonly Spoil[] = [
  (_, random) => {
    const noise = Buffer.from(Array.from({ length: 1 + random() * 200 }, () => random() * 256))
    return bytes(noise, NO_EVENT)
  },
  () => bytes('', /^not JSON/),
  (good, random) => {
    const whole = Buffer.from(JSON.stringify(good))
    return bytes(whole.subarray(0, random() * whole.length), NO_EVENT)
  },
  (good, random) => {
    const whole = Buffer.from(JSON.stringify(good))
    const broken = pick(
      [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xc0, 0x80]],
      random,
    )
    return bytes(Buffer.concat([whole.subarray(0, 5), Buffer.from(broken), whole.subarray(5)]), /^not valid UTF-8/)
  },
  (good) => bytes(`\ufeff${JSON.stringify(good)}`, /^not JSON/),
  (good) => bytes(`${JSON.stringify(good)}\n${JSON.stringify(good)}`, /^not JSON/),
  (_, random) => json(pick([null, true, 5, 'text', [], {}, [{}]], random), NO_EVENT),
  () => bytes('['.repeat(100_000), /^not JSON/),
  (good) => bytes(`{"${Object.keys(good)[0]}":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, /must/),
  set({ extra: 1 }, /additional properties \(extra\)/),
  (good) => bytes(JSON.stringify(good).replace('{', '{"__proto__":{"kind":"like"},'), /additional properties/),
  (good, random) => json({ ...good, extra: large(random) }, /additional properties \(extra\)/),
  (good, random) => json({ ...good, [large(random)]: 1 }, /additional properties \(xxx/),
]

const idsOf = (field: string): Spoil[] => [
  set({ [field]: undefined }, new RegExp(`required property '${field}'`)),
  (good, random) =>
    json({ ...good, [field]: pick([42, null, true, ['a'], {}], random) }, new RegExp(`^${field}: must be`)),
  set({ [field]: '' }, new RegExp(`^${field}: must NOT have fewer`)),
  set({ [field]: 'x'.repeat(129) }, new RegExp(`^${field}: must NOT have more than 128`)),
  (good, random) => json({ ...good, [field]: large(random) }, new RegExp(`^${field}: must NOT have more than 128`)),
  (good, random) =>
    json({ ...good, [field]: pick(['a\0b', 'a\nb', '\u007f', '\ud800'], random) }, new RegExp(`^${field}: must match`)),
]

const INTERACTION: readonly Spoil[] = [
  ...idsOf('eventId'),
  ...idsOf('userId'),
  ...idsOf('itemId'),
  set({ kind: 'adored' }, /^kind: must be equal to one of the allowed values \(rating, /),
  set({ kind: 7 }, /^kind: must be/),
  set({ kind: 'rating', value: undefined }, /required property 'value'/),
  (good, random) => json({ ...good, value: pick(['5', null, [5], true], random) }, /^value: must be number/),
  set({ value: 1e7 }, /^value: must be <=/),
  raw('value', 'NaN', /^not JSON/),
  raw('value', 'Infinity', /^not JSON/),
  raw('value', '1e999', /^value: must be/),
  raw('value', '-1e999', /^value: must be/),
  raw('at', '1e999', /^at: must be/),
  raw('at', '-Infinity', /^not JSON/),
  (good, random) => json({ ...good, at: pick(['5', null, true, [5], '2000-01-01'], random) }, /^at: must be integer/),
  set({ at: -1 }, /^at: must be >= 0/),
  set({ at: 0.5 }, /^at: must be integer/),
  set({ at: 1e300 }, /^at: must be <=/),
  (good) => json({ ...good, at: Date.now() + MAX_AHEAD_MS + DAY_MS }, /^at: .* ahead of the clock/),
  (good) => json({ ...good, at: Date.now() * 100 }, /^at: .* milliseconds\?$/),
  set({ at: undefined }, /required property 'at'/),
]

const USER: readonly Spoil[] = [
  ...idsOf('userId'),
  set({ attributes: 'tall' }, /^attributes: must be object/),
  set({ attributes: { age: 25 } }, /^attributes.age: must be string/),
  set({ attributes: { about: 'x'.repeat(257) } }, /^attributes.about: must NOT have more than 256/),
  set({ attributes: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [i, ''])) }, /^attributes: must NOT/),
  set({ itemId: 'i1', kind: 'like', at: 5 }, /additional properties/),
]

const ITEM: readonly Spoil[] = [
  ...idsOf('itemId'),
  set({ title: undefined }, /required property 'title'/),
  set({ title: '' }, /^title: must NOT have fewer/),
  set({ title: 'x'.repeat(513) }, /^title: must NOT have more/),
  set({ genres: 'Drama' }, /^genres: must be array/),
  set({ genres: [null] }, /^genres.0: must be string/),
  set({ genres: Array.from({ length: 33 }, () => 'Drama') }, /^genres: must NOT have more/),
  set({ year: 'once' }, /^year: must be integer/),
  set({ year: 1e9 }, /^year: must be <=/),
  set({ available: 'no' }, /^available: must be boolean/),
  raw('year', '1e999', /^year: must be/),
]
