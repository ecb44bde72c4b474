import { MOST_DEVIATION } from '../kernels/din-weights.ts'
import type { Random } from '../random.ts'
import type { DinBatch } from './din-model.ts'
import type { RankingExample } from './ranking-examples.ts'

/** How features and context are brought to one scale, beforehand. */
export interface Scaling {
  /** By feature: 1 / standard deviation within lists. */
  readonly scale: Float32Array
  /** By context feature. */
  readonly contextMean: Float32Array
  readonly contextScale: Float32Array
}

/** Weight of what only fills up a slate. */
const NOTHING = -1e9

export interface Shape {
  /** N at most: beyond it, others are left out by chance. */
  readonly candidates: number
  /** H at most: the newest. */
  readonly entries: number
}

/** @param random draws which of the others are left out, where there are too many */
export function batchOf(
  examples: readonly RankingExample[],
  { scale, contextMean, contextScale }: Scaling,
  shape: Shape,
  random: Random,
): DinBatch {
  const size = examples.length
  const candidates = Math.min(shape.candidates, Math.max(...examples.map(({ items }) => items.length)))
  const entries = Math.max(1, Math.min(shape.entries, Math.max(...examples.map(({ history }) => history.length))))
  const [width, contexts] = [scale.length, contextMean.length]
  const slots = size * entries
  const batch = {
    size,
    candidates,
    entries,
    items: new Int32Array(size * candidates),
    features: new Float32Array(size * candidates * width),
    context: new Float32Array(size * contexts),
    logWeight: new Float32Array(size * candidates).fill(NOTHING),
    history: new Int32Array(slots),
    kind: new Int32Array(slots),
    value: new Int32Array(slots),
    age: new Int32Array(slots),
    position: new Int32Array(slots),
    present: new Float32Array(slots),
    engaged: Float32Array.from(examples, ({ engaged }) => engaged),
    satisfied: Float32Array.from(examples, ({ satisfied }) => (Number.isNaN(satisfied) ? 0 : satisfied)),
    satisfiedWeight: Float32Array.from(examples, ({ satisfied }) => (Number.isNaN(satisfied) ? 0 : 1)),
  } satisfies DinBatch
  examples.forEach((example, slate) => {
    const rows = rowsOf(example.items.length, candidates, random)
    const bonus = Math.log((example.items.length - 1) / Math.max(1, rows.length - 1))
    rows.forEach((row, column) => {
      const to = slate * candidates + column
      batch.items[to] = example.items[row]!
      batch.logWeight[to] = example.logWeight[row]! + (row === 0 ? 0 : bonus)
      for (let f = 0; f < width; f++) batch.features[to * width + f] = example.features[row * width + f]! * scale[f]!
    })
    for (let c = 0; c < contexts; c++) {
      const value = (example.context[c]! - contextMean[c]!) * contextScale[c]!
      batch.context[slate * contexts + c] = Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, value))
    }
    const { history } = example
    for (let entry = 0; entry < Math.min(entries, history.length); entry++) {
      const to = slate * entries + entry
      batch.history[to] = history.item[entry]!
      batch.kind[to] = history.kind[entry]!
      batch.value[to] = history.value[entry]!
      batch.age[to] = history.age[entry]!
      batch.position[to] = entry
      batch.present[to] = 1
    }
  })
  return batch
}

/** The target and as many others, each once. */
function rowsOf(count: number, wanted: number, random: Random): number[] {
  const rows = Array.from({ length: count }, (_, row) => row)
  if (count <= wanted) return rows
  for (let i = 1; i < wanted; i++) {
    const other = i + random.below(count - i)
    const held = rows[i]!
    rows[i] = rows[other]!
    rows[other] = held
  }
  rows.length = wanted
  return rows
}
