// Approximate search beside exact search, on clustered vectors of different lengths, as those of items are.
import { Random } from '../src/random.ts'
import { buildIndex } from '../src/releases/build-indexes.ts'
import { ExactVectorIndex } from '../src/vector-index/exact-vector-index.ts'
import { type Benchmark, percentile, rounded } from './benchmark.ts'

const SIZES = [4_000, 200_000, 1_000_000]
const DIMENSIONS = 64
const ITEMS_A_CLUSTER = 100
const QUERIES = 500
const EXACT_QUERIES = 50
const K = 100

export const run: Benchmark = async ({ status }) => {
  const figures: Record<string, object> = {}
  for (const items of SIZES) {
    status(`${items} items: building`)
    figures[items] = await measure(items)
  }
  return { dimensions: DIMENSIONS, sizes: figures }
}

async function measure(items: number): Promise<object> {
  const { vectors, queries } = clustered(items)
  const startedAt = performance.now()
  const index = await buildIndex(vectors, DIMENSIONS)
  const buildSeconds = (performance.now() - startedAt) / 1000
  const exact = new ExactVectorIndex(DIMENSIONS, items)
  for (let i = 0; i < items; i++) exact.add(i, vectors.subarray(i * DIMENSIONS, (i + 1) * DIMENSIONS))
  for (const query of queries.slice(0, 50)) index.search(query, K)
  const [times, exactTimes] = [[], []] as [number[], number[]]
  const found = queries.map((query) => timed(times, () => index.search(query, K).labels))
  let hits = 0
  for (const [i, query] of queries.slice(0, EXACT_QUERIES).entries()) {
    const truth = new Set(timed(exactTimes, () => exact.search(query, K).labels))
    hits += found[i]!.filter((label) => truth.has(label)).length
  }
  index.close()
  exact.close()
  return {
    items,
    buildSeconds: rounded(buildSeconds, 1),
    p50Ms: rounded(percentile(times.sort(ascending), 50), 3),
    p99Ms: rounded(percentile(times, 99), 3),
    recallAt100: rounded(hits / (K * EXACT_QUERIES), 4),
    exactP50Ms: rounded(percentile(exactTimes.sort(ascending), 50), 3),
  }
}

const ascending = (a: number, b: number) => a - b

function timed<T>(times: number[], work: () => T): T {
  const startedAt = performance.now()
  const outcome = work()
  times.push(performance.now() - startedAt)
  return outcome
}

/** Queries lie in the clusters, too. */
function clustered(items: number): { vectors: Float32Array; queries: Float32Array[] } {
  const random = new Random(1)
  const clusters = Math.ceil(items / ITEMS_A_CLUSTER)
  const centres = Float32Array.from({ length: clusters * DIMENSIONS }, () => random.normal())
  const near = (cluster: number, into: Float32Array) => {
    const length = 0.5 + random.uniform()
    for (let i = 0; i < DIMENSIONS; i++) into[i] = length * (centres[cluster * DIMENSIONS + i]! + 0.7 * random.normal())
    return into
  }
  const vectors = new Float32Array(items * DIMENSIONS)
  for (let i = 0; i < items; i++) near(random.below(clusters), vectors.subarray(i * DIMENSIONS, (i + 1) * DIMENSIONS))
  const queries = Array.from({ length: QUERIES }, () => near(random.below(clusters), new Float32Array(DIMENSIONS)))
  return { vectors, queries }
}
