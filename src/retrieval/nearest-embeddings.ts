import { innerProduct } from '../inner-product.ts'

/** Items by how closely their embeddings point in the direction of one. */
export interface NearestEmbeddings {
  readonly labels: readonly number[]
  /** Cosines, -1 to 1, the greatest first. */
  readonly cosines: readonly number[]
}

/**
 * The `k` nearest of `count` embeddings by cosine, `of` left out. Looks at each of them: for people who look into a model,
 * not for requests in their hundreds.
 * @param vectorOf by label
 */
export function nearestEmbeddings(
  of: number,
  k: number,
  count: number,
  vectorOf: (label: number) => Float32Array,
): NearestEmbeddings {
  const own = vectorOf(of).slice()
  const ownNorm = norm(own)
  const labels: number[] = []
  const cosines: number[] = []
  for (let label = 0; label < count; label++) {
    if (label === of) continue
    const other = vectorOf(label)
    const cosine = dot(own, other) / (ownNorm * norm(other) || 1)
    if (labels.length === k && cosine <= cosines[k - 1]!) continue
    let at = labels.length
    while (at > 0 && cosines[at - 1]! < cosine) at--
    labels.splice(at, 0, label)
    cosines.splice(at, 0, cosine)
    if (labels.length > k) {
      labels.pop()
      cosines.pop()
    }
  }
  return { labels, cosines }
}

function norm(vector: Float32Array): number {
  return Math.sqrt(dot(vector, vector))
}

function dot(a: Float32Array, b: Float32Array): number {
  return innerProduct(a, 0, b, 0, a.length)
}
