/**
 * The ranks of relevant items among those that compete, ascending, 0 for the best: what scores more comes before; what
 * scores the same counts half, rounded down. Of r relevant items that tie with m others, the j-th (from 0) comes after
 * floor(m (j + 1) / (r + 1)) of these. A relevant item that does not compete ranks at Infinity.
 *
 * @param relevant item indexes, each once
 * @param competing item indexes, each once
 * @param scores by item index
 */
export function ranksOf(relevant: ArrayLike<number>, competing: Int32Array, scores: Float64Array): number[] {
  const ranks: number[] = []
  let previous = Number.NaN
  let tied = 0
  for (const item of sortedByScore(relevant, scores)) {
    const own = scores[item]!
    tied = own === previous ? tied + 1 : 0
    previous = own
    ranks.push(rankOf(item, relevant, competing, scores, tied))
  }
  return ranks.sort((a, b) => a - b)
}

function sortedByScore(relevant: ArrayLike<number>, scores: Float64Array): number[] {
  return relevant.length === 1 ? [relevant[0]!] : Array.from(relevant).sort((a, b) => scores[b]! - scores[a]!)
}

/** @param tied relevant items of the same score that were given a rank already */
function rankOf(
  item: number,
  relevant: ArrayLike<number>,
  competing: Int32Array,
  scores: Float64Array,
  tied: number,
): number {
  const own = scores[item]!
  let better = 0
  let equal = 0
  let competes = false
  for (let i = 0; i < competing.length; i++) {
    const other = competing[i]!
    const score = scores[other]!
    if (score > own) better++
    else if (score === own) {
      equal++
      if (other === item) competes = true
    }
  }
  if (!competes) return Number.POSITIVE_INFINITY
  let equalRelevant = 0
  if (relevant.length === 1) equalRelevant = 1
  else for (let i = 0; i < relevant.length; i++) if (scores[relevant[i]!] === own) equalRelevant++
  return better + tied + Math.floor(((equal - equalRelevant) * (tied + 1)) / (equalRelevant + 1))
}

/** The `k` best of `competing`, best first; of equal scores the one that comes first in `competing`. */
export function topOf(k: number, competing: Int32Array, scores: Float64Array): number[] {
  const top: number[] = []
  let least = Number.NEGATIVE_INFINITY
  for (let i = 0; i < competing.length; i++) {
    const item = competing[i]!
    const score = scores[item]!
    if (top.length === k && score <= least) continue
    if (top.length === k) top.pop()
    let at = top.length
    while (at > 0 && scores[top[at - 1]!]! < score) at--
    top.splice(at, 0, item)
    least = scores[top[top.length - 1]!]!
  }
  return top
}
