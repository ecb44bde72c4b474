/** The cut-offs that ranking metrics are reported at. */
export const CUTOFFS = [5, 10, 20, 50, 100] as const

/** Sums over predictions with one relevant item each, from which every metric follows. */
export interface RankingSums {
  n: number
  /** By cut-off. */
  hits: number[]
  gains: number[]
  reciprocalRanks: number
}

export function emptySums(): RankingSums {
  return { n: 0, hits: CUTOFFS.map(() => 0), gains: CUTOFFS.map(() => 0), reciprocalRanks: 0 }
}

/** @param rank of the relevant item, 0 for the best; Infinity for one that cannot be recommended */
export function addRank(sums: RankingSums, rank: number): void {
  sums.n++
  if (rank === Number.POSITIVE_INFINITY) return
  sums.reciprocalRanks += 1 / (rank + 1)
  CUTOFFS.forEach((cutoff, index) => {
    if (rank >= cutoff) return
    sums.hits[index]!++
    sums.gains[index]! += 1 / Math.log2(rank + 2)
  })
}

export function mergeSums(into: RankingSums, other: RankingSums): void {
  into.n += other.n
  into.reciprocalRanks += other.reciprocalRanks
  CUTOFFS.forEach((_, index) => {
    into.hits[index]! += other.hits[index]!
    into.gains[index]! += other.gains[index]!
  })
}

/**
 * HR@k (also Recall@k, as each prediction has one relevant item), NDCG@k with gain 1 / log2(rank + 2), and MRR.
 * Järvelin & Kekäläinen, TOIS 2002.
 */
export function metricsOf(sums: RankingSums): Record<string, number> {
  const { n } = sums
  const metrics: Record<string, number> = {}
  CUTOFFS.forEach((cutoff, index) => {
    metrics[`HR@${cutoff}`] = n === 0 ? 0 : sums.hits[index]! / n
  })
  CUTOFFS.forEach((cutoff, index) => {
    metrics[`NDCG@${cutoff}`] = n === 0 ? 0 : sums.gains[index]! / n
  })
  metrics.MRR = n === 0 ? 0 : sums.reciprocalRanks / n
  return metrics
}
