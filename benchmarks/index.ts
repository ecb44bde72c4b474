// Approximate search beside exact search, on clustered vectors of different lengths, as those of items are.
import { TributaryError } from '../src/errors.ts'
import { Random } from '../src/random.ts'
import { calibrate, type Probe, probeOf, RECALL_K, recallOf } from '../src/releases/index-recall.ts'
import { ExactVectorIndex } from '../src/vector-index/exact-vector-index.ts'
import { HnswlibVectorIndex, type Library, loadHnswlib } from '../src/vector-index/hnswlib-vector-index.ts'
import type { VectorIndex } from '../src/vector-index/vector-index.ts'
import { type Benchmark, percentile, residentMiB, rounded } from './benchmark.ts'

interface Size {
  readonly items: number
  readonly edges: number
  readonly efConstruction: number
}

/** The largest is built with less care than a release's, or building took a quarter of an hour. */
const SIZES: readonly Size[] = [
  { items: 4_000, edges: 32, efConstruction: 200 },
  { items: 200_000, edges: 32, efConstruction: 200 },
  { items: 1_000_000, edges: 16, efConstruction: 100 },
]
const DIMENSIONS = 64
const ITEMS_A_CLUSTER = 100
const QUERIES = 500
/** As a release is set by one half of them and measured with the other. */
const EXACT_QUERIES = 400
const WARM_UP = 50
/** Vectors that a search looks at, beside as many as a release of that size would look at. */
const EF_SEARCHES = [200, 400, 800]

export const run: Benchmark = async ({ status }) => {
  const library = await loadHnswlib()
  if (!library) throw new TributaryError('UNAVAILABLE', 'hnswlib-node is not installed here, or does not run')
  const figures: Record<string, object> = {}
  for (const size of SIZES) {
    status(`${size.items} items: building`)
    figures[size.items] = measure(library, size)
  }
  return { dimensions: DIMENSIONS, k: RECALL_K, ...figures }
}

function measure(library: Library, { items, edges, efConstruction }: Size): object {
  const { vectors, queries } = clustered(items)
  const vector = (i: number) => vectors.subarray(i * DIMENSIONS, (i + 1) * DIMENSIONS)
  const before = residentMiB()
  const startedAt = performance.now()
  const options = { dimensions: DIMENSIONS, efSearch: EF_SEARCHES[0]!, capacity: items, edges, efConstruction }
  const index = HnswlibVectorIndex.create(library, options)
  for (let i = 0; i < items; i++) index.add(i, vector(i))
  const buildSeconds = (performance.now() - startedAt) / 1000
  const indexMiB = residentMiB() - before
  const exact = new ExactVectorIndex(DIMENSIONS, items)
  for (let i = 0; i < items; i++) exact.add(i, vector(i))
  const exactTimes: number[] = []
  const probes = queries.slice(0, EXACT_QUERIES).map((query) => timed(exactTimes, () => probeOf(query, exact)))
  exact.close()
  const [toSet, toMeasure] = [probes.slice(0, EXACT_QUERIES / 2), probes.slice(EXACT_QUERIES / 2)]
  const byEfSearch: Record<string, object> = {}
  for (const efSearch of EF_SEARCHES) {
    index.efSearch = efSearch
    byEfSearch[efSearch] = search(index, queries, toMeasure)
  }
  index.efSearch = EF_SEARCHES[0]!
  calibrate(index, toSet)
  const calibrated = { efSearch: index.efSearch, ...search(index, queries, toMeasure) }
  index.close()
  return {
    edges,
    efConstruction,
    buildSeconds: rounded(buildSeconds, 1),
    indexMiB,
    efSearch: byEfSearch,
    calibrated,
    exactP50Ms: rounded(percentile(exactTimes.sort(ascending), 50), 3),
  }
}

function search(index: VectorIndex, queries: readonly Float32Array[], probes: readonly Probe[]) {
  for (const query of queries.slice(0, WARM_UP)) index.search(query, RECALL_K)
  const times: number[] = []
  for (const query of queries) timed(times, () => index.search(query, RECALL_K))
  times.sort(ascending)
  return {
    p50Ms: rounded(percentile(times, 50), 3),
    p99Ms: rounded(percentile(times, 99), 3),
    recallAt100: rounded(recallOf(index, probes)!, 4),
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
