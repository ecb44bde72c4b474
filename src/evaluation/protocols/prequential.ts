import { type Events, isLiked } from '../events.ts'
import type { Plan, PlanOptions, Question, Step } from '../plan.ts'

/** Trained models are trained anew at every such part of the stream, unless after an interval of their own. */
const FITS = 10
/** Ends of the stream that are looked at by themselves. */
const ENDS = [0.2, 0.1]

/**
 * Predicts every event before learning it: full ranking of all items that anyone has met, but for those that the user
 * has; a user's first event is learned, not predicted.
 * Gama et al., "On evaluating stream learning algorithms", Machine Learning 2013.
 */
export function prequential(events: Events, { every, last = 1, refreshMs }: PlanOptions): Plan {
  const { size } = events
  const first = Math.floor((1 - last) * size)
  const wholes = [last, ...ENDS.filter((end) => end < last)].map((share) => ({
    name: share === 1 ? 'all' : `last-${Math.round(100 * share)}%`,
    from: (1 - share) * size,
  }))
  const isFit = fitsOf(events, first, refreshMs)
  return {
    protocol: 'prequential',
    rules:
      'Every event is predicted, then learned. All items that anyone has met compete, but for those that the user has; ' +
      `a user's first event is not predicted. Live systems learn at once, trained ones ${refreshOf(last, refreshMs)}.`,
    events,
    catalogue: Int32Array.from(events.itemIds.keys()),
    onlyMet: true,
    statistics: { events: size, users: events.userIds.length, items: new Set(events.item).size },
    headlines: wholes.flatMap(({ name }) => [name, liked(name)]),
    detailEvery: 20 * every,
    singleTarget: true,
    timeline: true,
    learned: size,
    cases: Math.ceil((size - first) / every),
    *steps(): Generator<Step> {
      const met = new Uint8Array(events.userIds.length)
      for (let sequence = 0; sequence < size; sequence++) {
        if (isFit(sequence)) yield { type: 'fit' }
        const user = events.user[sequence]!
        if (sequence >= first && met[user] === 1 && sequence % every === 0) {
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
    const slices = wholes.filter(({ from }) => sequence >= from).map(({ name }) => name)
    return isLiked(events, sequence) ? [...slices, ...slices.map(liked)] : slices
  }
}

/** Whether models are trained before the event with that sequence number. */
function fitsOf({ size, at }: Events, first: number, refreshMs: number | undefined): (sequence: number) => boolean {
  const part = (sequence: number) => Math.floor((FITS * sequence) / size)
  // Behind the first one, that of the first event asked about, which says what the intervals begin with.
  const interval = (sequence: number) => Math.floor((at[sequence]! - at[first]!) / refreshMs!)
  return (sequence) => {
    if (sequence === 0 || sequence < first) return false
    if (sequence === first) return true
    if (refreshMs === undefined) return part(sequence) > part(sequence - 1)
    return Number.isFinite(refreshMs) && interval(sequence) > interval(sequence - 1)
  }
}

const DAY_MS = 86_400_000

function refreshOf(last: number, refreshMs: number | undefined): string {
  const begin = last < 1 ? 'at the first event asked about and ' : ''
  if (refreshMs === undefined) return `${begin}at every tenth of the stream`
  return (
    begin + (Number.isFinite(refreshMs) ? `every ${Number((refreshMs / DAY_MS).toPrecision(3))} days` : 'never again')
  )
}

function liked(slice: string): string {
  return `${slice}, rating >= 4`
}
