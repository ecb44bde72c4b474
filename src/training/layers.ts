// What TensorFlow.js does not bring along, or not fast enough, each with a gradient of its own.
import * as tf from '@tensorflow/tfjs-core'

/** Rows of `table` (rows, width) by their indexes: (indexes, width). */
export function lookUp(table: tf.Tensor2D, indexes: tf.Tensor1D): tf.Tensor2D {
  const [rows] = table.shape
  const op = tf.customGrad((...inputs) => {
    const [x, save] = inputs as unknown as [tf.Tensor2D, tf.GradSaveFunc]
    save([indexes])
    return {
      value: tf.gather(x, indexes),
      gradFunc: (dy, [saved]) => sumRows(dy as tf.Tensor2D, saved as tf.Tensor1D, rows),
    }
  })
  return op(table) as tf.Tensor2D
}

/** (rows, width): row r is the sum of those rows of `values` whose index is r. */
export function sumRows(values: tf.Tensor2D, indexes: tf.Tensor1D, rows: number): tf.Tensor2D {
  if (tf.getBackend() !== 'wasm') return tf.unsortedSegmentSum(values, indexes, rows) as tf.Tensor2D
  // The WebAssembly backend has no UnsortedSegmentSum; its ScatterNd adds up.
  return tf.scatterND(tf.reshape(indexes, [-1, 1]), values, [rows, values.shape[1]]) as tf.Tensor2D
}

/** max(x, 0). */
export function relu(x: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...inputs) => {
    const [given, save] = inputs as unknown as [tf.Tensor2D, tf.GradSaveFunc]
    const y = tf.relu(given)
    save([y])
    return { value: y, gradFunc: (dy, [kept]) => tf.mul(dy, tf.cast(tf.greater(kept!, 0), 'float32')) }
  })
  return op(x) as tf.Tensor2D
}

const NORM_EPSILON = 1e-6

/** x / rms(x) * gain over the last axis: Zhang and Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019. */
export function rmsNorm(x: tf.Tensor2D, gain: tf.Tensor1D): tf.Tensor2D {
  const op = tf.customGrad((...inputs) => {
    const [given, scale, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc]
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(given), -1, true), NORM_EPSILON))
    const normed = tf.mul(given, inverse)
    save([normed, inverse, scale])
    return {
      value: tf.mul(normed, scale),
      gradFunc: (dy, saved) => {
        const [unit, factor, weight] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D]
        const dUnit = tf.mul(dy, weight)
        const along = tf.mean(tf.mul(dUnit, unit), -1, true)
        return [tf.mul(factor, tf.sub(dUnit, tf.mul(unit, along))), tf.sum(tf.mul(dy, unit), 0)]
      },
    }
  })
  return op(x, gain) as tf.Tensor2D
}

/** Rows of logits at a time: what stays in the caches, and in memory that the allocator keeps. */
const LOGIT_ROWS = 512

/**
 * Mean cross-entropy of the softmax over all rows of `items` (items, width) for each row of `queries` (queries, width).
 * Its gradients are worked out together with the loss, block by block, so that the logits are never held as a whole.
 *
 * @param targets item indexes
 */
export function fullSoftmaxLoss(queries: tf.Tensor2D, items: tf.Tensor2D, targets: Int32Array): tf.Scalar {
  const [count] = queries.shape
  const op = tf.customGrad((...inputs) => {
    const [q, e, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc]
    const dQueries: tf.Tensor2D[] = []
    let dItems = tf.zerosLike(e)
    let loss = tf.scalar(0)
    for (let from = 0; from < count; from += LOGIT_ROWS) {
      const block = softmaxBlock(q, e, targets.subarray(from, from + LOGIT_ROWS), from)
      dQueries.push(block.dQueries)
      const sums = [dItems, block.dItems, loss, block.loss]
      dItems = tf.add(dItems, block.dItems)
      loss = tf.add(loss, block.loss)
      tf.dispose(sums)
    }
    const saved = [tf.div(tf.concat(dQueries), count), tf.div(dItems, count)]
    save(saved)
    return {
      value: tf.div(loss, count) as tf.Scalar,
      gradFunc: (dy, [a, b]) => [tf.mul(a!, dy), tf.mul(b!, dy)],
    }
  })
  return op(queries, items) as tf.Scalar
}

/** Sums over a block of queries. */
function softmaxBlock(queries: tf.Tensor2D, items: tf.Tensor2D, targets: Int32Array, from: number) {
  const [rows, width] = items.shape
  return tf.tidy(() => {
    const q = tf.slice2d(queries, [from, 0], [targets.length, width])
    const probabilities = tf.softmax(tf.matMul(q, items, false, true)) as tf.Tensor2D
    const target = tf.tensor1d(targets, 'int32')
    const at = tf.stack([tf.range(0, targets.length, 1, 'int32'), target], 1)
    const likelihood = tf.gatherND(probabilities, at)
    return {
      loss: tf.neg(tf.sum(tf.log(tf.maximum(likelihood, 1e-30)))) as tf.Scalar,
      dQueries: tf.sub(tf.matMul(probabilities, items), tf.gather(items, target)) as tf.Tensor2D,
      dItems: tf.sub(tf.matMul(probabilities, q, true, false), sumRows(q, target, rows)) as tf.Tensor2D,
    }
  })
}

/** Rows of length 1. */
export function unitRows(x: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...inputs) => {
    const [given, save] = inputs as unknown as [tf.Tensor2D, tf.GradSaveFunc]
    const inverse = tf.rsqrt(tf.add(tf.sum(tf.square(given), -1, true), 1e-12))
    const unit = tf.mul(given, inverse)
    save([unit, inverse])
    return {
      value: unit,
      gradFunc: (dy, saved) => {
        const [y, scale] = saved as [tf.Tensor2D, tf.Tensor2D]
        return tf.mul(scale, tf.sub(dy, tf.mul(y, tf.sum(tf.mul(dy, y), -1, true))))
      },
    }
  })
  return op(x) as tf.Tensor2D
}

/** Mean cross-entropy of the softmax over the columns of `logits` (queries, candidates). */
export function maskedSoftmaxLoss(logits: tf.Tensor2D, targets: Int32Array): tf.Scalar {
  const [count] = logits.shape
  const op = tf.customGrad((...inputs) => {
    const [given, save] = inputs as unknown as [tf.Tensor2D, tf.GradSaveFunc]
    const probabilities = tf.softmax(given)
    const at = tf.stack([tf.range(0, count, 1, 'int32'), tf.tensor1d(targets, 'int32')], 1)
    const likelihood = tf.gatherND(probabilities, at)
    save([tf.div(tf.sub(probabilities, tf.scatterND(at, tf.ones([count]), given.shape)), count)])
    return {
      value: tf.neg(tf.mean(tf.log(tf.maximum(likelihood, 1e-30)))) as tf.Scalar,
      gradFunc: (dy, [gradient]) => tf.mul(gradient!, dy),
    }
  })
  return op(logits) as tf.Scalar
}

/**
 * How surely each target is above the other columns, one by one: mean of -log sigmoid of the difference. Rendle et al.,
 * "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009.
 *
 * @param logits (queries, candidates), very negative for what does not compete
 */
export function pairwiseLoss(logits: tf.Tensor2D, targets: Int32Array): tf.Scalar {
  const [count, candidates] = logits.shape
  const op = tf.customGrad((...inputs) => {
    const [given, save] = inputs as unknown as [tf.Tensor2D, tf.GradSaveFunc]
    const at = tf.stack([tf.range(0, count, 1, 'int32'), tf.tensor1d(targets, 'int32')], 1)
    const own = tf.reshape(tf.gatherND(given, at), [count, 1])
    const isAbove = tf.sigmoid(tf.sub(own, given))
    const push = tf.div(tf.sub(1, isAbove), count * candidates)
    save([tf.sub(push, tf.scatterND(at, tf.sum(push, 1), given.shape))])
    return {
      value: tf.neg(tf.mean(tf.log(tf.maximum(isAbove, 1e-30)))) as tf.Scalar,
      gradFunc: (dy, [gradient]) => tf.mul(gradient!, dy),
    }
  })
  return op(logits) as tf.Scalar
}
