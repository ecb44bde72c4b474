import { type Examination, Examiner } from './examiner.ts'
import { guardLeakage } from './leakage-guard.ts'
import type { Tally } from './tally.ts'
import { World } from './world.ts'

export interface EvaluateOptions extends Examination {
  /** Whether a user's cases are to be predicted here; everything is learned. */
  readonly isMine?: (userId: string) => boolean
  /** Told how much of the plan's work has been done. */
  readonly onProgress?: (done: number) => void
}

/** Carries a plan out: the systems learn what it says and are ranked on what it asks. */
export async function evaluatePlan(options: EvaluateOptions): Promise<Tally> {
  const { plan, scorers, isMine = () => true, onProgress } = options
  const { events } = plan
  const world = new World(events, plan.catalogue, plan.onlyMet)
  const examiner = new Examiner(options, world)
  let done = 0
  for (const step of guardLeakage(plan.steps(), events.size)) {
    if (step.type === 'learn') {
      world.learn(step.sequence)
      for (const scorer of scorers) {
        const learned = scorer.learn(step.sequence)
        if (learned) await learned
      }
    } else if (step.type === 'fit') {
      for (const scorer of scorers) scorer.fit?.()
    } else {
      for (const scorer of scorers) await scorer.prepare?.(step.case.user)
      if (isMine(events.userIds[step.case.user]!)) await examiner.examine(step.case)
    }
    if (step.type !== 'fit' && ++done % 500 === 0) onProgress?.(done)
  }
  onProgress?.(plan.work)
  return examiner.tally
}
