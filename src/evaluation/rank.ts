/**
 * The rank of a target among eligible items by their scores, 0 for the best: items that score more come before it,
 * items that score the same count half (rounded down).
 *
 * @param eligible items that compete, the target among them
 */
export function rankOf(target: number, eligible: Int32Array, count: number, score: (item: number) => number): number {
  const own = score(target)
  let better = 0
  let equal = 0
  for (let i = 0; i < count; i++) {
    const item = eligible[i]!
    const other = score(item)
    if (other > own) better++
    else if (other === own && item !== target) equal++
  }
  return better + Math.floor(equal / 2)
}
