import { type Events, isLiked } from '../events.ts'
import type { Case, Plan, PlanOptions, Question, Step } from '../plan.ts'
import { LEAST_RATINGS } from './leave-one-out.ts'

const TRAINING = 0.8
const VALIDATION = 0.1
/** Events by the split from which a user is warm. */
const WARM = 5
/** Cases of the rehearsal whose histories grow: at most about so many. */
const REHEARSED = 1_000

/**
 * Splits by time, 80/10/10. Relevant is every item of the user's test events: asked once per user with everything
 * frozen at 80 % (and at 90 %), and before each test event with histories and live systems growing, where relevant is
 * what is still to come. `every` thins out the latter alone.
 */
export function temporal(events: Events, { every }: PlanOptions): Plan {
  const ofItem = new Uint32Array(events.itemIds.length)
  for (const item of events.item) ofItem[item]!++
  const keeps = Int32Array.from(events.item.keys()).filter(
    (sequence) => ofItem[events.item[sequence]!]! >= LEAST_RATINGS,
  )
  const catalogue = Int32Array.from(events.itemIds.keys()).filter((item) => ofItem[item]! >= LEAST_RATINGS)
  const whole = splitTemporal(events, keeps, catalogue)
  const training = splitTemporal(events, keeps.subarray(0, whole.validationStart), catalogue)
  const growing = training.keeps.length - training.testStart
  return {
    ...planOf(events, every, whole),
    rehearsal: planOf(events, Math.max(1, Math.ceil(growing / REHEARSED)), training),
  }
}

function planOf(events: Events, every: number, split: TemporalSplit): Plan {
  const { keeps, validationStart, testStart, testOf, knownAtTraining } = split
  const testUsers = testOf.flatMap((tests, user) => (tests.length > 0 ? [user] : []))
  const testEvents = keeps.length - testStart
  const coldUsers = testUsers.filter((user) => knownAtTraining[user]! < WARM)
  return {
    protocol: 'temporal',
    rules:
      `Split by time 80/10/10, items with less than ${LEAST_RATINGS} ratings left out. Relevant are all items of the ` +
      "user's test events, for users with 5 events before the split (others: `cold users`). `frozen`: everything as " +
      'of 80 %. `frozen-at-90%`: as of the beginning of the test. `growing`: asked before every test event, histories ' +
      'and live systems go on, trained models as of 90 %, relevant is what is still to come.',
    events,
    catalogue: split.catalogue,
    onlyMet: false,
    statistics: {
      events: events.size,
      'events left out': events.size - keeps.length,
      items: split.catalogue.length,
      'events for training': validationStart,
      'events for validation': testStart - validationStart,
      'events to predict': testEvents,
      'users to predict': testUsers.length,
      'of these cold at 80 %': coldUsers.length,
    },
    headlines: ['frozen', 'frozen-at-90%', 'growing'].flatMap((slice) => [slice, liked(slice)]),
    detailEvery: 1,
    singleTarget: false,
    timeline: false,
    learned: keeps.length,
    cases: 2 * testUsers.length + Math.ceil(testEvents / every),
    *steps(): Generator<Step> {
      yield* learn(keeps.subarray(0, validationStart))
      yield* askOnce('frozen')
      yield* learn(keeps.subarray(validationStart, testStart))
      yield* askOnce('frozen-at-90%')
      yield* grow()
    },
  }

  function* learn(sequences: Int32Array): Generator<Step> {
    for (const sequence of sequences) yield { type: 'learn', sequence }
    yield { type: 'fit' }
  }

  function* askOnce(slice: string): Generator<Step> {
    const known = slice === 'frozen' ? knownAtTraining : split.knownAtTest
    for (const [index, user] of testUsers.entries()) {
      const whole = known[user]! >= WARM ? slice : `cold users, ${slice}`
      const targets = testOf[user]!
      yield { type: 'predict', case: { ...caseOf(user, targets, whole), id: index } }
    }
  }

  function* grow(): Generator<Step> {
    const next = new Uint32Array(events.userIds.length)
    for (let index = testStart; index < keeps.length; index++) {
      const sequence = keeps[index]!
      const user = events.user[sequence]!
      const known = split.knownAtTest[user]! + next[user]!
      const targets = testOf[user]!.slice(next[user]!)
      next[user]!++
      if ((index - testStart) % every === 0 && known > 0) {
        const whole = known >= WARM ? 'growing' : 'cold users, growing'
        yield { type: 'predict', case: { ...caseOf(user, targets, whole), id: sequence } }
      }
      yield { type: 'learn', sequence }
    }
  }

  /** Asked at the time of the first of `targets`. */
  function caseOf(user: number, targets: readonly number[], slice: string): Omit<Case, 'id'> {
    const questions: Question[] = [{ slices: [slice], relevant: targets, among: 'unseen' }]
    const likedTargets = targets.filter((sequence) => isLiked(events, sequence))
    if (likedTargets.length > 0) questions.push({ slices: [liked(slice)], relevant: likedTargets, among: 'unseen' })
    return { user, at: events.at[targets[0]!]!, targets, questions }
  }
}

function liked(slice: string): string {
  return `${slice}, rating >= 4`
}

interface TemporalSplit {
  /** Sequence numbers that the filter leaves, ascending. */
  readonly keeps: Int32Array
  /** Positions in `keeps`. */
  readonly validationStart: number
  readonly testStart: number
  readonly catalogue: Int32Array
  /** Sequence numbers of the test events, by user. */
  readonly testOf: number[][]
  /** Events before validation and before the test, by user. */
  readonly knownAtTraining: Uint32Array
  readonly knownAtTest: Uint32Array
}

function splitTemporal(events: Events, keeps: Int32Array, catalogue: Int32Array): TemporalSplit {
  const validationStart = Math.floor(TRAINING * keeps.length)
  const testStart = Math.floor((TRAINING + VALIDATION) * keeps.length)
  const knownAtTraining = new Uint32Array(events.userIds.length)
  const knownAtTest = new Uint32Array(events.userIds.length)
  const testOf: number[][] = events.userIds.map(() => [])
  keeps.forEach((sequence, index) => {
    const user = events.user[sequence]!
    if (index < validationStart) knownAtTraining[user]!++
    if (index < testStart) knownAtTest[user]!++
    else testOf[user]!.push(sequence)
  })
  return { keeps, validationStart, testStart, catalogue, testOf, knownAtTraining, knownAtTest }
}
