import { type Events, isLiked } from '../events.ts'
import type { Plan, PlanOptions, Question, Step } from '../plan.ts'

/** Trained models are trained anew at every such part of the stream. */
const FITS = 10

/**
 * Predicts every event before learning it: full ranking of all items that anyone has met, but for those that the user
 * has; a user's first event is learned, not predicted.
 * Gama et al., "On evaluating stream learning algorithms", Machine Learning 2013.
 */
export function prequential(events: Events, { every }: PlanOptions): Plan {
  const { size } = events
  const wholes = ['all', 'last-20%', 'last-10%']
  return {
    protocol: 'prequential',
    rules:
      'Every event is predicted, then learned. All items that anyone has met compete, but for those that the user has; ' +
      `a user's first event is not predicted. Live systems learn at once, trained ones at every tenth of the stream.`,
    events,
    catalogue: Int32Array.from(events.itemIds.keys()),
    onlyMet: true,
    statistics: { events: size, users: events.userIds.length, items: new Set(events.item).size },
    headlines: wholes.flatMap((whole) => [whole, liked(whole)]),
    detailEvery: 20 * every,
    singleTarget: true,
    timeline: true,
    learned: size,
    cases: Math.ceil(size / every),
    *steps(): Generator<Step> {
      const met = new Uint8Array(events.userIds.length)
      for (let sequence = 0; sequence < size; sequence++) {
        if (Math.floor((FITS * sequence) / size) > Math.floor((FITS * (sequence - 1)) / size) && sequence > 0) {
          yield { type: 'fit' }
        }
        const user = events.user[sequence]!
        if (met[user] === 1 && sequence % every === 0) {
          const questions = [{ slices: slicesOf(sequence), relevant: [sequence], among: 'unseen' } as const]
          yield {
            type: 'predict',
            case: { id: sequence, user, at: events.at[sequence]!, targets: [sequence], questions },
          }
        }
        met[user] = 1
        yield { type: 'learn', sequence }
      }
    },
  }

  function slicesOf(sequence: number): Question['slices'] {
    const slices = ['all']
    if (sequence >= 0.8 * size) slices.push('last-20%')
    if (sequence >= 0.9 * size) slices.push('last-10%')
    return isLiked(events, sequence) ? [...slices, ...slices.map(liked)] : slices
  }
}

function liked(slice: string): string {
  return `${slice}, rating >= 4`
}
