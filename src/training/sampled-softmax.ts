import * as tf from '@tensorflow/tfjs-core'
import { sumRows } from './layers.ts'

/**
 * Mean cross-entropy of the softmax over the target and `negatives`, which are the same for all queries and count as
 * often as makes them stand for all items: in expectation close to the softmax over everything, at a fraction of its cost
 * (Jean et al., "On Using Very Large Target Vocabulary for Neural Machine Translation", ACL 2015). A target among the
 * negatives counts once. Its gradients are worked out together with the loss.
 *
 * @param queries (N, D)
 * @param items (items, D)
 * @param targets (N): item indexes
 * @param negatives (K): item indexes, each once
 */
export function sampledSoftmaxLoss(
  queries: tf.Tensor2D,
  items: tf.Tensor2D,
  targets: Int32Array,
  negatives: Int32Array,
): tf.Scalar {
  const [rows] = items.shape
  const count = targets.length
  const op = tf.customGrad((...inputs) => {
    const [q, e, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc]
    const target = tf.tensor1d(targets, 'int32')
    const drawn = tf.tensor1d(negatives, 'int32')
    const positives: tf.Tensor2D = tf.gather(e, target)
    const others = tf.gather(e, drawn)
    // One more column of zero makes the sum of all powers readable from what softmax answers.
    const candidates = tf.concat([others, tf.zeros([1, e.shape[1]])]) as tf.Tensor2D
    const probabilities = tf.softmax(tf.matMul(q, candidates, false, true)) as tf.Tensor2D
    const zero = tf.slice2d(probabilities, [0, negatives.length], [count, 1])
    const each = rows / negatives.length
    const { at, isAmong } = collisions(targets, negatives)
    const powers = tf.div(1, zero)
    const own = tf.exp(tf.sum(tf.mul(q, positives), 1, true))
    const double = tf.mul(tf.reshape(tf.gatherND(probabilities, at), [count, 1]), isAmong)
    const wanted = tf.mul(tf.sub(tf.sub(1, zero), double), powers)
    const total = tf.add(own, tf.mul(wanted, each))
    // Of a probability over the drawn, its share of the total.
    const share = tf.div(tf.mul(powers, each), total)
    const pull = tf.sub(tf.sub(tf.div(own, total), 1), tf.mul(double, share)) as tf.Tensor2D
    const scaled = tf.mul(q, share) as tf.Tensor2D
    const dQueries = tf.add(tf.mul(tf.matMul(probabilities, candidates), share), tf.mul(positives, pull)) as tf.Tensor2D
    const dCandidates = tf.matMul(probabilities, scaled, true, false) as tf.Tensor2D
    const dOthers = tf.slice2d(dCandidates, [0, 0], [negatives.length, e.shape[1]])
    const dItems = sumRows(
      tf.concat([dOthers, tf.mul(q, pull) as tf.Tensor2D]) as tf.Tensor2D,
      tf.concat([drawn, target]) as tf.Tensor1D,
      rows,
    )
    save([tf.div(dQueries, count), tf.div(dItems, count)])
    return {
      value: tf.mean(tf.log(tf.div(total, own))) as tf.Scalar,
      gradFunc: (dy, [a, b]) => [tf.mul(a!, dy), tf.mul(b!, dy)],
    }
  })
  return op(queries, items) as tf.Scalar
}

/** Where each target stands among the negatives: (N, 2) with the row, and (N, 1): 1 where it does. */
function collisions(targets: Int32Array, negatives: Int32Array): { at: tf.Tensor2D; isAmong: tf.Tensor2D } {
  const column = new Map<number, number>()
  for (let i = 0; i < negatives.length; i++) column.set(negatives[i]!, i)
  const at = new Int32Array(2 * targets.length)
  const isAmong = new Float32Array(targets.length)
  for (let row = 0; row < targets.length; row++) {
    const found = column.get(targets[row]!)
    at[2 * row] = row
    at[2 * row + 1] = found ?? 0
    isAmong[row] = found === undefined ? 0 : 1
  }
  return { at: tf.tensor2d(at, [targets.length, 2], 'int32'), isAmong: tf.tensor2d(isAmong, [targets.length, 1]) }
}
