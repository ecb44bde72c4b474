import type { Events } from '../events.ts'
import type { Plan, PlanOptions, Step } from '../plan.ts'

/** From where on events are predicted. */
const HISTORY = 0.9

/**
 * Ranks what the blend's sources retrieved for a user at the moment before each event of the last tenth: the task of a
 * ranker, apart from retrieval. Events whose item was not retrieved are counted and left out.
 */
export function candidates(events: Events, { every }: PlanOptions): Plan {
  const { size } = events
  const start = Math.ceil(HISTORY * size)
  return {
    protocol: 'candidates',
    rules:
      'Before every event of the last tenth of the stream, the first 100 candidates of each source of the blend are ' +
      'ranked; an event whose item is not among them is left out. Live systems learn every event, trained ones are as ' +
      'of 90 %. GAUC is the mean over events: a relevant item each.',
    events,
    catalogue: Int32Array.from(events.itemIds.keys()),
    onlyMet: true,
    statistics: { events: size, 'events learned before': start, 'events to predict': size - start },
    headlines: ['all'],
    detailEvery: 1,
    singleTarget: true,
    timeline: false,
    learned: size,
    cases: Math.ceil((size - start) / every),
    *steps(): Generator<Step> {
      const met = new Uint8Array(events.userIds.length)
      for (let sequence = 0; sequence < size; sequence++) {
        if (sequence === start) yield { type: 'fit' }
        const user = events.user[sequence]!
        if (sequence >= start && met[user] === 1 && (sequence - start) % every === 0) {
          const questions = [{ slices: ['all'], relevant: [sequence], among: 'retrieved' } as const]
          const at = events.at[sequence]!
          yield { type: 'predict', case: { id: sequence, user, at, targets: [sequence], questions } }
        }
        met[user] = 1
        yield { type: 'learn', sequence }
      }
    },
  }
}
