import type { Events } from '../events.ts'
import { itemSimilarity } from './item-similarity.ts'
import { popularity } from './popularity.ts'
import { random } from './random.ts'
import type { Scorer } from './scorer.ts'

/** Systems that every evaluation has beside the live ones, unless it is asked for less. */
export const BASELINES: readonly string[] = ['random', 'popularity', 'item-cf', 'item-cf/recent', 'ease', 'ease/recent']

/** @param names of systems that are wanted, with those they share a scorer with; undefined for all */
export function baselines(events: Events, seed: number, names: readonly string[] | undefined): Scorer[] {
  const wants = (...systems: readonly string[]) => !names || systems.some((name) => names.includes(name))
  return [
    ...(wants('random') ? [random(seed)] : []),
    ...(wants('popularity') ? [popularity(events)] : []),
    ...(wants(...BASELINES.slice(2)) ? [itemSimilarity(events)] : []),
  ]
}
