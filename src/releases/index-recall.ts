import type { QueryModel } from '../models/query-model.ts'
import { ExactVectorIndex } from '../vector-index/exact-vector-index.ts'
import type { HnswlibVectorIndex } from '../vector-index/hnswlib-vector-index.ts'
import type { VectorIndex } from '../vector-index/vector-index.ts'
import type { HoldoutCase } from './holdout.ts'

/** Neighbours that an index is to find. */
export const RECALL_K = 100
/** So many cases say what share of them it finds, to a few tenths of a per cent. */
const QUERIES = 200
/** More than the gate asks for, by three standard errors: it measures on other queries. */
const CALIBRATED_RECALL = 0.99
const GROWTH = 1.5
/** From here on looking at everything is not much slower. */
const MOST_LOOKED_AT = 6_400

/** A query, and the labels that exact search finds for it. */
export interface Probe {
  readonly query: Float32Array
  readonly nearest: ReadonlySet<number>
}

/** What held-out cases ask of a model: one half of them to set an index by, the other to measure it with. */
export function probesOf(model: QueryModel, cases: readonly HoldoutCase[], half: 'to set' | 'to measure'): Probe[] {
  const { dimensions, items } = model
  const exact = new ExactVectorIndex(dimensions, items.length / dimensions)
  for (let i = 0; i * dimensions < items.length; i++) {
    exact.add(i, items.subarray(i * dimensions, (i + 1) * dimensions))
  }
  const probes: Probe[] = []
  for (const { history } of cases.filter((_, i) => i % 2 === (half === 'to set' ? 1 : 0)).slice(0, QUERIES)) {
    const query = new Float32Array(dimensions)
    if (model.query(history, query)) probes.push(probeOf(query, exact))
  }
  return probes
}

export function probeOf(query: Float32Array, exact: ExactVectorIndex): Probe {
  return { query, nearest: new Set(exact.search(query, RECALL_K).labels) }
}

/** Of what the probes look for, the share that an index finds; undefined without any. */
export function recallOf(index: VectorIndex, probes: readonly Probe[]): number | undefined {
  let [found, wanted] = [0, 0]
  for (const { query, nearest } of probes) {
    wanted += nearest.size
    for (const label of index.search(query, RECALL_K).labels) if (nearest.has(label)) found++
  }
  return wanted === 0 ? undefined : found / wanted
}

/** Lets an index look at more vectors until it finds enough, or there is no point in it: the larger, the more it needs. */
export function calibrate(index: HnswlibVectorIndex, probes: readonly Probe[]): void {
  const most = Math.min(MOST_LOOKED_AT, index.size)
  while (index.efSearch < most && (recallOf(index, probes) ?? 1) < CALIBRATED_RECALL) {
    index.efSearch = Math.min(most, Math.ceil(GROWTH * index.efSearch))
  }
}
