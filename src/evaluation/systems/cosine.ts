import type { CoOccurrence } from '../../training/co-occurrence.ts'

/** Cosine of two items' users, one more in each norm so that rare items do not look alike by chance. */
export function cosine(counts: CoOccurrence): Float32Array {
  const { items, visits } = counts
  const rows = new Float32Array(items ** 2)
  for (let a = 0; a < items; a++) {
    for (let b = 0; b < a; b++) {
      const similarity = counts.both(a, b) / Math.sqrt((visits[a]! + 1) * (visits[b]! + 1))
      rows[a * items + b] = similarity
      rows[b * items + a] = similarity
    }
  }
  return rows
}
