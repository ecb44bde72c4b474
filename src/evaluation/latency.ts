/** Bins a doubling of time, from MIN_MS on; what is slower than the last counts there. */
const PER_DOUBLING = 4
const MIN_MS = 0.001
const BINS = 20 * PER_DOUBLING

/** How often something took how long, in bins of equal width on a logarithmic scale. */
export type Latencies = Uint32Array

export function emptyLatencies(): Latencies {
  return new Uint32Array(BINS)
}

export function addLatency(into: Latencies, ms: number): void {
  const bin = Math.floor(PER_DOUBLING * Math.log2(Math.max(MIN_MS, ms) / MIN_MS))
  into[Math.min(BINS - 1, bin)]!++
}

/** The upper end of a bin, ms. */
export function latencyOf(bin: number): number {
  return MIN_MS * 2 ** ((bin + 1) / PER_DOUBLING)
}

/** The latency, ms, that `share` of all stayed within: to the width of a bin, 19 %. */
export function latencyQuantile(latencies: Latencies, share: number): number {
  const total = latencies.reduce((sum, count) => sum + count, 0)
  let below = 0
  for (let bin = 0; bin < BINS; bin++) {
    below += latencies[bin]!
    if (below > 0 && below >= share * total) return latencyOf(bin)
  }
  return 0
}
