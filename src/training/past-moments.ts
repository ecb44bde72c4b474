import { KINDS } from '../events/kinds.ts'
import type { Interaction } from '../events/types.ts'
import type { ReleasedModels } from '../models/released-models.ts'
import type { TrainingSet } from '../models/training-set.ts'
import type { Scored } from '../retrieval/retriever.ts'
import type { LiveReplica } from './live-replica.ts'
import { inversePropensity } from './position-bias.ts'

/** Just before an event: what retrieval said then, and what happened. */
export interface Moment {
  /** Of the sample, from 0; and of how many. */
  readonly step: number
  readonly steps: number
  readonly interaction: Interaction
  /** How much it counts. */
  readonly weight: number
  /** Valid until the next moment. */
  readonly scored: Scored
}

export interface MomentOptions {
  /** At most. */
  readonly most: number
  /** Where it does not suffice, moments are left out evenly. */
  readonly budgetSeconds: number
  /** Events until then are folded without asking, ms. */
  readonly since?: number | undefined
  /** Models that take part from their watermark on, so that nothing they say is of events that they were trained on. */
  readonly retrieval?: ReleasedModels | undefined
}

/** Of the moments, those from before the models that take part were trained: what models say is learned after that. */
const SHARE_BEFORE_MODELS = 0.25

/** Of the budget that may be behind before moments are left out: opening the replica takes some, and pauses happen. */
const SLACK = 0.1

/** Folds the log into the replica and stops at a sample of its events, by time, to ask retrieval just before each. */
export async function* pastMoments(
  set: TrainingSet,
  replica: LiveReplica,
  { most, budgetSeconds, since = Number.NEGATIVE_INFINITY, retrieval }: MomentOptions,
): AsyncGenerator<Moment> {
  const startedAt = performance.now()
  const { events, user } = inTime(set)
  const firstAfter = (time: number) => {
    const first = events.findIndex((event) => set.at[event]! > time)
    return first < 0 ? events.length : first
  }
  const served = retrieval ? firstAfter(retrieval.watermark) : events.length
  const { isMoment, steps } = spread(firstAfter(since), served, events.length, most)
  let step = 0
  for (const [position, event] of events.entries()) {
    if (position === served) replica.serve(retrieval!)
    const interaction = interactionOf(set, user[event]!, event)
    if (isMoment(position)) {
      const spent = (performance.now() - startedAt) / 1000 / budgetSeconds
      const isInTime = spent <= SLACK + ((1 - SLACK) * (step + 1)) / steps
      if (isInTime) {
        const weight = inversePropensity(set.place[event]!, set.positionBias)
        yield { step, steps, interaction, weight, scored: await replica.example(interaction) }
      }
      step++
    }
    await replica.push(interaction)
  }
}

/**
 * Moments are spread evenly over the events before the models take part, and more densely over those after it.
 *
 * @param first position in time from which there may be moments
 * @param served position from which the models take part
 */
function spread(first: number, served: number, end: number, wanted: number) {
  const turn = Math.max(first, served)
  const [before, after] = [turn - first, end - turn]
  const wantedBefore = after > 0 ? Math.min(before, SHARE_BEFORE_MODELS * wanted) : wanted
  const everyBefore = before > 0 ? Math.max(1, Math.ceil(before / wantedBefore)) : 1
  const everyAfter = after > 0 ? Math.max(1, Math.ceil(after / (wanted - wantedBefore))) : 1
  return {
    steps: Math.ceil(before / everyBefore) + Math.ceil(after / everyAfter),
    isMoment: (position: number) =>
      position >= first &&
      (position < turn ? (position - first) % everyBefore === 0 : (position - turn) % everyAfter === 0),
  }
}

/** Events by time, a user's in the order of the log; and the user of each. */
function inTime(set: TrainingSet): { events: Uint32Array; user: Uint32Array } {
  const user = new Uint32Array(set.at.length)
  for (let u = 0; u + 1 < set.starts.length; u++) user.fill(u, set.starts[u], set.starts[u + 1])
  const events = new Uint32Array(set.at.length).map((_, event) => event)
  return { events: events.sort((a, b) => set.at[a]! - set.at[b]! || a - b), user }
}

function interactionOf(set: TrainingSet, user: number, event: number): Interaction {
  const value = set.value[event]!
  return {
    eventId: String(event),
    userId: set.userIds[user]!,
    itemId: set.itemIds[set.item[event]!]!,
    kind: KINDS[set.kind[event]!]!,
    ...(Number.isNaN(value) ? {} : { value }),
    at: set.at[event]!,
  }
}
