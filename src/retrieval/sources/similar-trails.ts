import { selectRank } from '../../select.ts'
import { POSTING_WORDS } from '../../state/values/postings.ts'
import type { HistoryEntry } from '../online/online-state.ts'

/** Trails that are followed: those most similar. */
const FOLLOWED = 96
const POSITION_DECAY = 0.9
/** Time since an entry after which it speaks half as loud. */
const SESSION_MS = 600_000
/** Visits that an item's rarity counts from. */
const RARITY_OFFSET = 10
/** Distance from the first match at which another in the same trail counts half. */
const DISTANCE = 3

/** Someone who has been where the user was lately. */
export interface SimilarTrail {
  /** The trail, by the hash of its user. */
  readonly trail: number
  readonly similarity: number
  /** Position in the trail of the item it has in common with the user's latest. */
  readonly anchor: number
  /** Position of that item in the user's history, 0 the newest. */
  readonly because: number
}

export interface TrailQuery {
  /** Stream time, ms. */
  readonly now: number
  /** Newest first. */
  readonly history: readonly HistoryEntry[]
  readonly influence: readonly number[]
  /** By history entry, of all partitions: the trail, then the position in it, one after another. */
  readonly postings: readonly Uint32Array[]
  /** By item index. */
  readonly visits: Float64Array
  /** The user's own trail, or -1. */
  readonly own: number
}

// Sums by trail, open addressing. A slot is 16 bytes, so that what a vote touches lies in one line of the processor's
// cache: f64 sum, 0 where the slot is free · u32 trail · u32 anchor. The slots in use are listed, in the order of first
// meeting, so that clearing costs what was used.
let sums = new Float64Array(0)
let words = new Uint32Array(0)
const SLOT_SUMS = 2
const SLOT_WORDS = 4
const TRAIL = 2
const ANCHOR = 3
/** By slot: position in the history that the trail was first met at. */
let because = new Uint16Array(0)
let used = new Uint32Array(0)
let ordered = new Float64Array(0)

/**
 * Finds the users whose sessions resemble the present one: each of the user's latest items votes for those who visited
 * it lately, the newer and the rarer the item the more, and votes count less the farther they lie in the trail from
 * where it first met the user's. After session-based kNN (Jannach & Ludewig, RecSys 2017), with positions.
 *
 * @returns the FOLLOWED most similar, in the order of `because`
 */
export function similarTrails({ now, history, influence, postings, visits, own }: TrailQuery): SimilarTrail[] {
  reserve(postings)
  let count = 0
  for (let position = 0; position < postings.length; position++) {
    const { item, at } = history[position]!
    const rarity = 1 / Math.log(RARITY_OFFSET + (visits[item] ?? 0))
    const recency = POSITION_DECAY ** position / (1 + Math.max(0, now - at) / SESSION_MS)
    const vote = influence[position]! * rarity * recency
    if (!(vote > 0)) continue
    count = addVotes(postings[position]!, vote, position, own, count)
  }
  return mostSimilar(count)
}

/** Of the `count` slots in use, which it frees: those that are followed; of equals the first met. */
function mostSimilar(count: number): SimilarTrail[] {
  for (let i = 0; i < count; i++) ordered[i] = sums[used[i]! * SLOT_SUMS]!
  const least = count > FOLLOWED ? selectRank(ordered, count, count - FOLLOWED) : 0
  let equals = FOLLOWED
  for (let i = 0; i < count; i++) if (sums[used[i]! * SLOT_SUMS]! > least) equals--
  const found: SimilarTrail[] = []
  for (let i = 0; i < count; i++) {
    const slot = used[i]!
    const similarity = sums[slot * SLOT_SUMS]!
    sums[slot * SLOT_SUMS] = 0
    if (similarity < least || (similarity === least && equals-- <= 0)) continue
    const word = slot * SLOT_WORDS
    found.push({ trail: words[word + TRAIL]!, similarity, anchor: words[word + ANCHOR]!, because: because[slot]! })
  }
  return found
}

function addVotes(postings: Uint32Array, vote: number, position: number, own: number, count: number): number {
  const mask = because.length - 1
  let listed = count
  for (let at = 0; at < postings.length; at += POSTING_WORDS) {
    const trail = postings[at]!
    if (trail === own) continue
    const place = postings[at + 1]!
    let slot = trail & mask
    while (sums[slot * SLOT_SUMS] !== 0 && words[slot * SLOT_WORDS + TRAIL] !== trail) slot = (slot + 1) & mask
    const word = slot * SLOT_WORDS
    if (sums[slot * SLOT_SUMS] === 0) {
      sums[slot * SLOT_SUMS] = vote
      words[word + TRAIL] = trail
      words[word + ANCHOR] = place
      because[slot] = position
      used[listed++] = slot
    } else sums[slot * SLOT_SUMS]! += vote / (1 + Math.abs(words[word + ANCHOR]! - place) / DISTANCE)
  }
  return listed
}

/** Makes the table at least 1.3 times as large as there are postings. */
function reserve(postings: TrailQuery['postings']): void {
  let most = 0
  for (const list of postings) most += list.length / POSTING_WORDS
  if (1.3 * most <= because.length) return
  const size = 2 ** Math.ceil(Math.log2(1.3 * most))
  sums = new Float64Array(size * SLOT_SUMS)
  words = new Uint32Array(sums.buffer)
  because = new Uint16Array(size)
  used = new Uint32Array(size)
  ordered = new Float64Array(size)
}
