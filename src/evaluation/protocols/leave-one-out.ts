import type { Random } from '../../random.ts'
import { type Events, isLiked } from '../events.ts'
import type { Case, Plan, PlanOptions, Question, Step } from '../plan.ts'

/** Ratings that an item, and then a user, must have. */
export const LEAST_RATINGS = 5

/** Of each user's events before the target, those that the rehearsal asks about. */
const REHEARSED = 3

/**
 * The last interaction of every user is the target, everything before it is learned. From the ones just before it, asked
 * about before they are learned, a ranker learns how things are here.
 */
export function leaveOneOut(events: Events, { every }: PlanOptions): Plan {
  return leaveOneOutPlan(events, every, {
    protocol: 'leave-one-out',
    rules: `All unseen items compete. ${SPLIT_RULES}`,
    questionsOf: (target) => [
      { slices: isLiked(events, target) ? ['all', 'rating >= 4'] : ['all'], relevant: [target], among: 'unseen' },
    ],
    headlines: ['all', 'rating >= 4'],
  })
}

export const SPLIT_RULES =
  `Items with less than ${LEAST_RATINGS} ratings are left out, then users with less. The last interaction of a user is ` +
  `the target, all others are learned; a ranker learns from the ${REHEARSED} before it, where the rest is known.`

interface Asks extends Pick<Plan, 'protocol' | 'rules' | 'headlines'> {
  readonly questionsOf: (target: number, split: LeaveOneOutSplit) => readonly Question[]
}

/** The split, whatever is then asked about the targets. */
export function leaveOneOutPlan(events: Events, every: number, asks: Asks): Plan {
  const split = splitLeaveOneOut(events)
  const { keeps, targetOf } = split
  const targets = targetOf.filter((sequence) => sequence >= 0)
  const learned = keeps.reduce((sum, kept) => sum + kept, 0) - targets.length
  const askAbout = (sequences: Int32Array, every: number) => ask(events, sequences, every, asks, split)
  const plan = {
    protocol: asks.protocol,
    rules: asks.rules,
    events,
    catalogue: split.catalogue,
    onlyMet: false,
    statistics: {
      events: events.size,
      users: targets.length,
      items: split.catalogue.length,
      'events learned': learned,
      'events to predict': targets.length,
      'events left out': events.size - learned - targets.length,
    },
    headlines: asks.headlines,
    detailEvery: 1,
    singleTarget: true,
    timeline: false,
    learned,
    cases: Math.ceil(targets.length / every),
    *steps(): Generator<Step> {
      for (let sequence = 0; sequence < events.size; sequence++) {
        if (keeps[sequence] === 1 && targetOf[events.user[sequence]!] !== sequence) yield { type: 'learn', sequence }
      }
      yield { type: 'fit' }
      yield* askAbout(targets, every)
    },
  }
  const rounds = lastBeforeTargets(events, split)
  const later = new Set(rounds.flatMap((sequences) => [...sequences]))
  const rehearsal = {
    ...plan,
    learned: learned - rounds[0]!.length,
    cases: later.size,
    *steps(): Generator<Step> {
      for (const step of plan.steps()) {
        if (step.type === 'fit') break
        if (step.type === 'learn' && !later.has(step.sequence)) yield step
      }
      yield { type: 'fit' }
      for (const [round, sequences] of rounds.entries()) {
        if (round > 0) for (const sequence of rounds[round - 1]!) yield { type: 'learn', sequence }
        yield* askAbout(sequences, 1)
      }
    },
  }
  return { ...plan, rehearsal }
}

/** Asks about events of different users. */
function* ask(
  events: Events,
  sequences: Int32Array,
  every: number,
  { questionsOf }: Asks,
  split: LeaveOneOutSplit,
): Generator<Step> {
  for (const [index, target] of sequences.entries()) {
    if (index % every !== 0) continue
    const [user, at] = [events.user[target]!, events.at[target]!]
    const questions = questionsOf(target, split)
    yield { type: 'predict', case: { id: index, user, at, targets: [target], questions } satisfies Case }
  }
}

/** REHEARSED rounds, of users with events to spare: the event so many before the target, that after it, …, the last but one. */
function lastBeforeTargets(events: Events, { keeps, targetOf }: LeaveOneOutSplit): Int32Array[] {
  const before = events.userIds.map((): number[] => [])
  for (let sequence = events.size - 1; sequence >= 0; sequence--) {
    const user = events.user[sequence]!
    if (keeps[sequence] === 1 && sequence !== targetOf[user] && before[user]!.length <= REHEARSED)
      before[user]!.push(sequence)
  }
  return Array.from({ length: REHEARSED }, (_, round) => {
    const back = REHEARSED - 1 - round
    return Int32Array.from(before.flatMap((sequences) => (sequences.length > REHEARSED ? [sequences[back]!] : [])))
  })
}

export interface LeaveOneOutSplit {
  /** By sequence number: 1 for what the filters leave. */
  readonly keeps: Uint8Array
  /** Items that are left, in the order of the data. */
  readonly catalogue: Int32Array
  /** By user: sequence number of the last event, -1 for users that are left out. */
  readonly targetOf: Int32Array
}

export function splitLeaveOneOut(events: Events): LeaveOneOutSplit {
  const ofItem = new Uint32Array(events.itemIds.length)
  for (const item of events.item) ofItem[item]!++
  const keeps = Uint8Array.from(events.item, (item) => (ofItem[item]! >= LEAST_RATINGS ? 1 : 0))
  const ofUser = new Uint32Array(events.userIds.length)
  keeps.forEach((kept, sequence) => {
    ofUser[events.user[sequence]!]! += kept
  })
  const targetOf = new Int32Array(events.userIds.length).fill(-1)
  const remain = new Uint8Array(events.itemIds.length)
  for (let sequence = 0; sequence < events.size; sequence++) {
    const user = events.user[sequence]!
    if (ofUser[user]! < LEAST_RATINGS) keeps[sequence] = 0
    if (keeps[sequence] === 0) continue
    targetOf[user] = sequence
    remain[events.item[sequence]!] = 1
  }
  const catalogue = Int32Array.from(events.itemIds.keys()).filter((item) => remain[item] === 1)
  return { keeps, catalogue, targetOf }
}

/** `count` different items of the catalogue that are not among `excluded`, ascending. */
export function sampleItems(
  count: number,
  catalogue: Int32Array,
  excluded: ReadonlySet<number>,
  random: Random,
): number[] {
  const free = catalogue.filter((item) => !excluded.has(item))
  return random.draw(free, count).sort((a, b) => a - b)
}
