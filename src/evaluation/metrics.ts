/** The cut-offs that ranking metrics are reported at. */
const CUTOFFS = [5, 10, 20, 50, 100] as const

/** Metrics of one ranked list, in the order that `metricsOf` fills in. */
export const RANKING_METRICS: readonly string[] = [
  ...['HR', 'Recall', 'Precision', 'NDCG'].flatMap((name) => CUTOFFS.map((cutoff) => `${name}@${cutoff}`)),
  'MRR',
  'MAP',
  'GAUC',
]

/** The position of a metric among RANKING_METRICS. */
export function metricIndex(name: string): number {
  const index = RANKING_METRICS.indexOf(name)
  if (index < 0) throw new RangeError(`no metric ${name}`)
  return index
}

/**
 * The metrics of one ranked list, added to `into`: HR@k (any relevant item among the first k), Recall@k (share of the
 * relevant items), Precision@k (share of the k), NDCG@k with binary gains (Järvelin & Kekäläinen, TOIS 2002), MRR, MAP
 * (average precision over the whole list), AUC (a mean over lists weighted by relevant items is GAUC).
 *
 * @param ranks of the relevant items, ascending, 0 for the best; Infinity for one that cannot be recommended
 * @param competing length of the whole list, relevant items included
 */
export function addMetrics(into: Float64Array, ranks: readonly number[], competing: number): void {
  let at = 0
  for (const cutoff of CUTOFFS) into[at++]! += hitRate(ranks, cutoff)
  for (const cutoff of CUTOFFS) into[at++]! += recall(ranks, cutoff)
  for (const cutoff of CUTOFFS) into[at++]! += precision(ranks, cutoff)
  for (const cutoff of CUTOFFS) into[at++]! += ndcg(ranks, cutoff)
  into[at++]! += reciprocalRank(ranks)
  into[at++]! += averagePrecision(ranks)
  into[at++]! += areaUnderCurve(ranks, competing)
}

export function hitRate(ranks: readonly number[], cutoff: number): number {
  return ranks[0]! < cutoff ? 1 : 0
}

export function recall(ranks: readonly number[], cutoff: number): number {
  return hits(ranks, cutoff) / ranks.length
}

export function precision(ranks: readonly number[], cutoff: number): number {
  return hits(ranks, cutoff) / cutoff
}

/** Against the best that can be had: all relevant items, or `cutoff` of them, in front. */
export function ndcg(ranks: readonly number[], cutoff: number): number {
  let gain = 0
  for (let i = 0; i < ranks.length && ranks[i]! < cutoff; i++) gain += 1 / Math.log2(ranks[i]! + 2)
  if (gain === 0) return 0
  let ideal = 0
  for (let i = 0; i < Math.min(cutoff, ranks.length); i++) ideal += 1 / Math.log2(i + 2)
  return gain / ideal
}

export function reciprocalRank(ranks: readonly number[]): number {
  return 1 / (ranks[0]! + 1)
}

export function averagePrecision(ranks: readonly number[]): number {
  let sum = 0
  ranks.forEach((rank, index) => {
    sum += (index + 1) / (rank + 1)
  })
  return sum / ranks.length
}

/** The share of (relevant, other) pairs in the right order; an item that cannot be recommended comes after all. */
export function areaUnderCurve(ranks: readonly number[], competing: number): number {
  const others = competing - ranks.filter(Number.isFinite).length
  if (others === 0) return 0.5
  let wrong = 0
  ranks.forEach((rank, index) => {
    wrong += Math.min(others, rank - index)
  })
  return 1 - wrong / (ranks.length * others)
}

function hits(ranks: readonly number[], cutoff: number): number {
  let count = 0
  while (count < ranks.length && ranks[count]! < cutoff) count++
  return count
}
