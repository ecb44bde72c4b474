import { type Examination, Examiner } from './examiner.ts'
import { guardLeakage } from './leakage-guard.ts'
import { Parts } from './parts.ts'
import type { Step } from './plan.ts'
import { stretchesOf } from './stretches.ts'
import type { Tally } from './tally.ts'
import { World } from './world.ts'

export interface EvaluateOptions extends Examination {
  /** Whether a part of the cases (numbered from 0) is predicted here: asked once for each, in order. */
  readonly claims?: (part: number) => boolean
  /** Told how many events have been learned, and cases predicted or left to others. */
  readonly onProgress?: (done: number) => void
}

const PROGRESS_STEPS = 500

/** Carries a plan out: the systems learn what it says and are ranked on what it asks. */
export async function evaluatePlan(options: EvaluateOptions): Promise<Tally> {
  const { plan, scorers, claims = () => true, onProgress } = options
  const { events } = plan
  const world = new World(events, plan.catalogue, plan.onlyMet)
  const examiner = new Examiner(options, world)
  const parts = new Parts(plan, claims)
  let done = 0
  let fits = 0

  async function take(step: Step): Promise<void> {
    if (step.type === 'learn') {
      for (const scorer of scorers) {
        const ready = scorer.before?.(step.sequence)
        if (ready) await ready
      }
      world.learn(step.sequence)
      parts.learn()
      for (const scorer of scorers) {
        const learned = scorer.learn(step.sequence)
        if (learned) await learned
      }
    } else if (step.type === 'fit') {
      for (const scorer of scorers) await scorer.fit?.(fits)
      fits++
    } else {
      const isFirst = parts.next()
      if (!parts.isMine) return
      for (const scorer of scorers) await scorer.asked?.(isFirst)
      await examiner.examine(step.case)
    }
  }

  for (const stretch of stretchesOf(guardLeakage(plan.steps(), events.size))) {
    const mayAsk = parts.begin(stretch)
    for (const scorer of scorers) await scorer.begin?.(stretch, mayAsk)
    for (const step of stretch.steps) {
      await take(step)
      if (step.type !== 'fit' && ++done % PROGRESS_STEPS === 0) onProgress?.(done)
    }
  }
  onProgress?.(plan.learned + plan.cases)
  return examiner.tally
}
