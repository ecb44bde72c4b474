/**
 * The value that would stand at `rank` (from 0) were `values[0..length)` sorted ascending: Hoare's quickselect, in
 * linear time. Reorders `values`.
 */
export function selectRank(values: Float32Array | Float64Array, length: number, rank: number): number {
  let low = 0
  let high = length - 1
  while (low < high) {
    const pivot = values[(low + high) >> 1]!
    let i = low
    let j = high
    while (i <= j) {
      while (values[i]! < pivot) i++
      while (values[j]! > pivot) j--
      if (i <= j) {
        const held = values[i]!
        values[i++] = values[j]!
        values[j--] = held
      }
    }
    if (rank <= j) high = j
    else if (rank >= i) low = i
    else break
  }
  return values[rank]!
}
