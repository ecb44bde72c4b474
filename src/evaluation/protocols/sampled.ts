import { Random } from '../../random.ts'
import type { Events } from '../events.ts'
import type { Plan, PlanOptions } from '../plan.ts'
import { leaveOneOutPlan, SPLIT_RULES, sampleItems } from './leave-one-out.ts'

const NEGATIVES = 99

/**
 * Ranks the targets of leave-one-out among 99 items that the user has not met, drawn evenly. For comparison with papers
 * that do so: the order of systems may differ from that of full ranking (Krichene & Rendle, KDD 2020).
 */
export function sampled(events: Events, { every, seed }: PlanOptions): Plan {
  let random = new Random(seed)
  const metBy = events.userIds.map(() => new Set<number>())
  events.item.forEach((item, sequence) => {
    metBy[events.user[sequence]!]!.add(item)
  })
  const plan = leaveOneOutPlan(events, every, {
    protocol: 'sampled',
    rules: `The target competes with ${NEGATIVES} items that the user never met, drawn evenly. ${SPLIT_RULES}`,
    headlines: ['all'],
    questionsOf: (target, { catalogue }) => {
      const negatives = sampleItems(NEGATIVES, catalogue, metBy[events.user[target]!]!, random)
      const among = Int32Array.from([...negatives, events.item[target]!]).sort()
      return [{ slices: ['all'], relevant: [target], among }]
    },
  })
  return {
    ...plan,
    // The same draws however often the steps are walked through.
    *steps() {
      random = new Random(seed)
      yield* plan.steps()
    },
  }
}
