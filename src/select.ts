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

// Scratch space of `greatest`.
let ordered = new Float64Array(0)
let keys = new Float64Array(0)
let places = new Int32Array(0)

/**
 * The places of the `k` greatest of `values[0..count)`, the greatest first, of equals the first; -Infinity is left out.
 * Valid until the next call.
 */
export function greatest(values: Float64Array, count: number, k: number): Int32Array {
  if (count > ordered.length) {
    ordered = new Float64Array(2 * count)
    keys = new Float64Array(2 * count)
    places = new Int32Array(2 * count)
  }
  for (let i = 0; i < count; i++) ordered[i] = values[i]!
  const threshold = count > k ? selectRank(ordered, count, count - k) : Number.NEGATIVE_INFINITY
  let kept = 0
  for (let i = 0; i < count; i++) {
    const value = values[i]!
    if (value < threshold || value === Number.NEGATIVE_INFINITY) continue
    keys[kept] = value
    places[kept++] = i
  }
  sortDescending(keys, places, 0, kept - 1)
  return places.subarray(0, Math.min(k, kept))
}

/** Below it insertion is faster. */
const FEW = 12

/** Puts `keys` and `places` in order, by the greater key, then the lower place: Hoare's quicksort. */
function sortDescending(keys: Float64Array, places: Int32Array, from: number, to: number): void {
  let low = from
  let high = to
  while (high - low > FEW) {
    const middle = (low + high) >> 1
    const key = keys[middle]!
    const place = places[middle]!
    let i = low
    let j = high
    while (i <= j) {
      while (keys[i]! > key || (keys[i] === key && places[i]! < place)) i++
      while (keys[j]! < key || (keys[j] === key && places[j]! > place)) j--
      if (i > j) break
      const heldKey = keys[i]!
      const heldPlace = places[i]!
      keys[i] = keys[j]!
      places[i++] = places[j]!
      keys[j] = heldKey
      places[j--] = heldPlace
    }
    // The shorter part by recursion, or it could go deep.
    if (j - low < high - i) {
      sortDescending(keys, places, low, j)
      low = i
    } else {
      sortDescending(keys, places, i, high)
      high = j
    }
  }
  for (let i = low + 1; i <= high; i++) {
    const key = keys[i]!
    const place = places[i]!
    let at = i - 1
    for (; at >= low && (keys[at]! < key || (keys[at] === key && places[at]! > place)); at--) {
      keys[at + 1] = keys[at]!
      places[at + 1] = places[at]!
    }
    keys[at + 1] = key
    places[at + 1] = place
  }
}
