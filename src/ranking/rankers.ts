import type { ServedRelease } from '../retrieval/served-release.ts'
import type { CandidateRanker } from './candidate-ranker.ts'
import { DinRanker } from './din-ranker.ts'
import { FeatureReader } from './features.ts'
import type { ItemContent } from './item-content.ts'
import { Ranker } from './ranker.ts'

/** The rankers of releases. */
export class Rankers {
  readonly reader: FeatureReader
  readonly #of = new WeakMap<ServedRelease, CandidateRanker>()

  /** @param sources names of the candidate sources, in the order of their proposals */
  constructor(sources: readonly string[], content: ItemContent) {
    this.reader = new FeatureReader(sources, content)
  }

  /** The best that a release has: a network that attends over the history, else one over features; undefined for neither. */
  of(release: ServedRelease | undefined): CandidateRanker | undefined {
    if (!release) return undefined
    let ranker = this.#of.get(release)
    if (!ranker) {
      const { models, pairScores } = release
      const [din, features] = [models.get('din'), models.get('ranker')]
      if (din && pairScores) ranker = new DinRanker(din, pairScores, release, this.reader)
      else if (features) ranker = new Ranker(features, this.reader)
      else return undefined
      this.#of.set(release, ranker)
    }
    return ranker
  }
}
