// The query tower of the two-tower model (src/training/two-tower-model.ts) for one history.
import type { QueryHistory, QueryModel } from '../models/query-model.ts'
import type { Tensors } from '../models/tensors.ts'
import { applyLinear, innerProduct, linearOf, softmax } from './linear.ts'
import { profileFeatures } from './profile-features.ts'
import { ageOf, FEATURES_A_USER, meaningOf, userFeatures } from './query-features.ts'
import { tensorOf } from './tensor-of.ts'

/** @throws CORRUPT where a tensor is missing */
export function twoTowerQuery(tensors: Tensors): QueryModel {
  const items = tensorOf(tensors, 'items')
  const width = items.shape[1]!
  const history = tensorOf(tensors, 'history').data
  const recency = tensorOf(tensors, 'pool.recency')
  const [window, pools] = recency.shape as [number, number]
  const content = Float64Array.from(tensorOf(tensors, 'pool.content').data)
  const age = tensorOf(tensors, 'pool.age').data
  const meaning = tensorOf(tensors, 'pool.meaning').data
  const gate = tensorOf(tensors, 'gate').data
  const features = tensorOf(tensors, 'features').data
  // A release of before profiles were read has none.
  const profile = tensors.get('profile')?.data
  const hiddenLayer = linearOf(tensorOf(tensors, 'hidden'))
  const outLayer = linearOf(tensorOf(tensors, 'out'))
  const hiddenWidth = hiddenLayer.outputs
  const sharpness = Math.exp(tensorOf(tensors, 'sharpness').data[0]!)

  const events = new Float64Array(window * width)
  const scores = Array.from({ length: pools }, () => new Float64Array(window))
  const pooled = new Float64Array(pools * width)
  const hidden = new Float64Array(hiddenWidth)
  const out = new Float64Array(width)
  const traits = tensorOf(tensors, 'traits').data
  const columns = new Int32Array(FEATURES_A_USER)

  return {
    dimensions: width,
    items: items.data,
    query(asked, into) {
      const { length, first } = read(asked)
      const known = profile ? profileFeatures(asked.attributes) : []
      if (length === 0 && known.length === 0) return false
      pool(length)
      userFeatures(asked, first, asked.length, asked.now, traits, columns)
      applyLinear(hiddenLayer, [0, hiddenWidth], 1, pooled, 0, hidden, 0, hiddenWidth)
      for (let i = 0; i < hiddenWidth; i++) {
        for (const column of columns) hidden[i]! += features[column * hiddenWidth + i]!
        for (const feature of known) hidden[i]! += profile![feature * hiddenWidth + i]!
        if (hidden[i]! < 0) hidden[i] = 0
      }
      applyLinear(outLayer, [0, width], 1, hidden, 0, out, 0, width)
      // The pools go on beside the hidden layer.
      for (let p = 0; p < pools; p++) for (let i = 0; i < width; i++) out[i]! += pooled[p * width + i]!
      const norm = Math.sqrt(innerProduct(out, 0, out, 0, width) + 1e-12)
      for (let i = 0; i < width; i++) into[i] = (sharpness * out[i]!) / norm
      return true
    },
  }

  /** The newest events whose items are known, newest first, and what each pool makes of them. */
  function read(asked: QueryHistory): { length: number; first: number } {
    let length = 0
    let event = asked.length - 1
    for (; event >= 0 && length < window; event--) {
      const item = asked.item[event]!
      if (item < 0) continue
      const meant = meaningOf(asked, event)
      const aged = ageOf(asked.at[event]!, asked.at[asked.length - 1]!)
      const row = length * width
      for (let i = 0; i < width; i++) events[row + i] = gate[meant]! * history[item * width + i]!
      for (let p = 0; p < pools; p++) {
        scores[p]![length] =
          innerProduct(events, row, content, p * width, width) +
          recency.data[length * pools + p]! +
          age[aged * pools + p]! +
          meaning[meant * pools + p]!
      }
      length++
    }
    return { length, first: event + 1 }
  }

  function pool(length: number): void {
    pooled.fill(0)
    if (length === 0) return
    for (let p = 0; p < pools; p++) {
      const weights = scores[p]!
      softmax(weights, length)
      for (let event = 0; event < length; event++) {
        const weight = weights[event]!
        for (let i = 0; i < width; i++) pooled[p * width + i]! += weight * events[event * width + i]!
      }
    }
  }
}
