import { REFRESH_EVENTS } from '../training/live-replica.ts'
import type { Step } from './plan.ts'

/**
 * A run of a plan's steps. Live systems read item statistics where one begins, and nowhere else: what they say is then
 * the same whichever of several threads is asked, and whatever it was asked before.
 */
export interface Stretch {
  /** From 0. */
  readonly index: number
  readonly steps: readonly Step[]
  /** Whether models are trained at its beginning. */
  readonly isFit: boolean
  /** Whether anything is to be predicted in it. */
  readonly asks: boolean
}

/** Cuts a plan at its fits and after every REFRESH_EVENTS events. */
export function* stretchesOf(steps: Iterable<Step>): Generator<Stretch> {
  let index = 0
  let learned = 0
  let run: Step[] = []
  const cut = (): Stretch => {
    const stretch = {
      index: index++,
      steps: run,
      isFit: run[0]!.type === 'fit',
      asks: run.some(({ type }) => type === 'predict'),
    }
    run = []
    return stretch
  }
  for (const step of steps) {
    if (step.type === 'fit' && run.length > 0) yield cut()
    run.push(step)
    if (step.type === 'learn' && ++learned % REFRESH_EVENTS === 0) yield cut()
  }
  if (run.length > 0) yield cut()
}
