import type { Scored } from '../../retrieval/retriever.ts'

/** More than any logit, and than any probability. */
const BEHIND = 1e6

/**
 * Puts every item behind whatever a ranker will say, in the order of the blend: what is not ranked stays there, below 0.
 * @param into by item index
 */
export function putBehind({ blended }: Scored, into: Float64Array): void {
  for (let item = 0; item < into.length; item++) into[item] = blended.get(item) - BEHIND
}
