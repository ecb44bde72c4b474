import { Random } from '../../random.ts'
import { affinity, FACTORS, makeWorld, normalise, SUCCESSORS, type World } from './synthetic-world.ts'

/** Mean events of a session, and the mean seconds between them. */
const SESSION_EVENTS = 12
const EVENT_GAP_S = 45
/** How the next item is found: following the last one, by taste, or else just because it is popular. */
const FOLLOWS = 0.45
const BY_TASTE = 0.45
const TASTE_CANDIDATES = 8
/** Popularity is ranked anew this often along the stream. */
const EPOCHS = 64
/** Bits that remember what a user has had; a power of two. More would cost memory per user. */
const MAX_SEEN_BITS = 2048

export interface StreamPlan {
  readonly seed: number
  readonly users: number
  readonly items: number
  readonly events: number
  /** ms. */
  readonly startAt: number
  readonly spanMs: number
}

export interface SyntheticEvent {
  user: number
  item: number
  rating: number
  at: number
}

/**
 * The events of one plan, one at a time and in the order of time. Sessions of many users overlap; in each, items follow
 * one another. Along the stream items are born, popularity wanders and tastes move. Holds the world and the sessions
 * that are open, nothing that grows with the number of events.
 */
export class SyntheticStream {
  readonly #plan: StreamPlan
  readonly #random: Random
  readonly #world: World
  /** Items that are born, most popular first. */
  #ranking: Uint32Array = new Uint32Array(0)
  #epoch = -1
  readonly #trend: Float32Array
  readonly #seen: Uint32Array
  readonly #seenBits: number
  readonly #sessions: Session[] = []
  readonly #isActive: Uint8Array
  #nextSessionS = 0
  #usersKnown = 0
  readonly #event: SyntheticEvent = { user: 0, item: 0, rating: 0, at: 0 }

  constructor(plan: StreamPlan) {
    this.#plan = plan
    this.#random = new Random(plan.seed)
    this.#world = makeWorld(this.#random, plan.users, plan.items)
    this.#trend = new Float32Array(plan.items)
    this.#seenBits = Math.min(MAX_SEEN_BITS, 2 ** Math.ceil(Math.log2(Math.max(32, plan.items))))
    this.#seen = new Uint32Array((plan.users * this.#seenBits) / 32)
    this.#isActive = new Uint8Array(plan.users)
  }

  /** The next event, in an object that is used again for the one after it. */
  next(): SyntheticEvent {
    while (this.#sessions.length === 0 || this.#nextSessionS <= this.#earliest().atS) this.#openSession()
    const index = this.#earliestIndex()
    const session = this.#sessions[index]!
    const event = this.#event
    event.user = session.user
    event.at = this.#plan.startAt + session.atS * 1000
    event.item = this.#nextItem(session)
    event.rating = this.#rate(session.user, event.item)
    session.item = event.item
    session.atS += 1 + Math.floor(this.#random.exponential(EVENT_GAP_S))
    if (--session.left === 0) {
      this.#sessions.splice(index, 1)
      this.#isActive[session.user] = 0
    }
    return event
  }

  /** Few sessions are open at a time, so that looking at each is the fastest way. */
  #earliestIndex(): number {
    let earliest = 0
    for (let i = 1; i < this.#sessions.length; i++) {
      if (this.#sessions[i]!.atS < this.#sessions[earliest]!.atS) earliest = i
    }
    return earliest
  }

  #earliest(): Session {
    return this.#sessions[this.#earliestIndex()]!
  }

  #openSession(): void {
    const { spanMs, events } = this.#plan
    const atS = this.#nextSessionS
    const share = Math.min(1, (atS * 1000) / spanMs)
    this.#rankAnew(share)
    const user = this.#chooseUser(share)
    this.#moveTaste(user)
    const left = 1 + Math.floor(this.#random.exponential(SESSION_EVENTS - 0.5))
    this.#sessions.push({ user, item: -1, atS, left })
    this.#isActive[user] = 1
    this.#nextSessionS = atS + Math.floor(this.#random.exponential((spanMs / 1000 / events) * SESSION_EVENTS))
  }

  /** A newcomer when one is due (users join all along), else someone known: the earlier they came, the more often. */
  #chooseUser(share: number): number {
    const due = this.#plan.users * (0.1 + 0.9 * share)
    if (this.#usersKnown < due && this.#usersKnown < this.#plan.users) return this.#usersKnown++
    let user = 0
    for (let attempt = 0; attempt < 8; attempt++) {
      user = Math.floor(this.#usersKnown * this.#random.uniform() ** 1.3)
      if (!this.#isActive[user]) break
    }
    return user
  }

  #moveTaste(user: number): void {
    const { userFactors, genreFactors } = this.#world
    const genre = this.#random.below(genreFactors.length / FACTORS)
    for (let f = 0; f < FACTORS; f++) {
      userFactors[user * FACTORS + f]! += 0.03 * genreFactors[genre * FACTORS + f]!
    }
    normalise(userFactors, user)
  }

  #rankAnew(share: number): void {
    const epoch = Math.floor(share * EPOCHS)
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    const { itemAppeal, itemBirth } = this.#world
    const isAnyBorn = itemBirth.some((birth) => birth <= share)
    const born: number[] = []
    const score = new Float32Array(itemAppeal.length)
    for (let item = 0; item < itemAppeal.length; item++) {
      this.#trend[item]! += 0.12 * this.#random.normal()
      const age = share - itemBirth[item]!
      if (age < 0 && isAnyBorn) continue
      const novelty = itemBirth[item]! > 0 ? 1.5 * Math.exp(-age * 12) : 0
      score[item] = itemAppeal[item]! + this.#trend[item]! + novelty
      born.push(item)
    }
    this.#ranking = Uint32Array.from(born.sort((a, b) => score[b]! - score[a]! || a - b))
  }

  #nextItem(session: Session): number {
    for (let attempt = 0; attempt < 24; attempt++) {
      const item = this.#propose(session)
      if (item >= 0 && this.#markSeen(session.user, item)) return item
    }
    return this.#firstUnseen(session.user)
  }

  /** -1 for an item that is not born yet. */
  #propose(session: Session): number {
    const random = this.#random
    const way = random.uniform()
    if (way < FOLLOWS && session.item >= 0) {
      const place = Math.floor(random.uniform() ** 2 * SUCCESSORS)
      const item = this.#world.successors[session.item * SUCCESSORS + place]!
      return this.#world.itemBirth[item]! <= this.#epoch / EPOCHS ? item : -1
    }
    if (way >= FOLLOWS + BY_TASTE) return this.#popular()
    let best = -1
    let bestScore = Number.NEGATIVE_INFINITY
    for (let i = 0; i < TASTE_CANDIDATES; i++) {
      const item = this.#popular()
      const score = affinity(this.#world, session.user, item) + random.uniform()
      if (score > bestScore) {
        bestScore = score
        best = item
      }
    }
    return best
  }

  #popular(): number {
    return this.#ranking[this.#random.zipf(this.#ranking.length)]!
  }

  /** false where the user has had it. In large catalogues items share bits: some are then never offered to a user. */
  #markSeen(user: number, item: number): boolean {
    const bit = item & (this.#seenBits - 1)
    const word = (user * this.#seenBits) / 32 + (bit >>> 5)
    const mask = 1 << (bit & 31)
    if (this.#seen[word]! & mask) return false
    this.#seen[word]! |= mask
    return true
  }

  /** For those who have had nearly everything; who has had it all starts over. */
  #firstUnseen(user: number): number {
    for (const item of this.#ranking) if (this.#markSeen(user, item)) return item
    this.#seen.fill(0, (user * this.#seenBits) / 32, ((user + 1) * this.#seenBits) / 32)
    const item = this.#popular()
    this.#markSeen(user, item)
    return item
  }

  #rate(user: number, item: number): number {
    const { itemQuality, userBias } = this.#world
    const liking = 0.7 * affinity(this.#world, user, item) + 0.4 * itemQuality[item]! + userBias[user]!
    const rating = Math.round(2.75 + liking + 0.6 * this.#random.normal())
    return Math.min(Math.max(rating, 1), 5)
  }
}

interface Session {
  readonly user: number
  /** The last one; -1 at the beginning. */
  item: number
  /** Of the next event, seconds since the start of the stream. */
  atS: number
  left: number
}
