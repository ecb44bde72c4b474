// What the Deep Interest Network is made of, each with a gradient of its own: TensorFlow.js would keep a tensor of the
// size (slates, hidden units, entries, candidates) for every operation in between.
import * as tf from '@tensorflow/tfjs-core'

/**
 * How much each history entry matters for each candidate: Σ_k out_k · prelu_k(left[k, h] · right[t]).
 *
 * @param left (B, K H, D): a row for each hidden unit and entry
 * @param right (B, N, D)
 * @param slope (K) of what is negative
 * @param out (K)
 * @returns (B, H, N)
 */
export function activationUnit(
  left: tf.Tensor3D,
  right: tf.Tensor3D,
  slope: tf.Tensor1D,
  out: tf.Tensor1D,
): tf.Tensor3D {
  const [size, rows] = left.shape
  const candidates = right.shape[1]
  const units = out.shape[0]
  const pairs = (rows / units) * candidates
  const op = tf.customGrad((...inputs) => {
    const [l, r, slopes, outs, save] = inputs as [tf.Tensor3D, tf.Tensor3D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc]
    const known = tf.reshape(tf.matMul(l, r, false, true), [size, units, pairs]) as tf.Tensor3D
    const below = tf.minimum(known, 0) as tf.Tensor3D
    const active = tf.add(known, tf.mul(below, tf.reshape(tf.sub(slopes, 1), [units, 1]))) as tf.Tensor3D
    const repeated = tf.tile(tf.reshape(outs, [1, 1, units]), [size, 1, 1]) as tf.Tensor3D
    const value = tf.reshape(tf.matMul(repeated, active), [size, rows / units, candidates])
    save([l, r, slopes, outs, below, active])
    return { value, gradFunc: (dy, saved) => gradients(dy as tf.Tensor3D, saved) }
  })
  return op(left, right, slope, out) as tf.Tensor3D

  function gradients(dy: tf.Tensor3D, saved: tf.Tensor[]): tf.Tensor[] {
    const [l, r, slopes, outs, below, active] = saved as [
      tf.Tensor3D,
      tf.Tensor3D,
      tf.Tensor1D,
      tf.Tensor1D,
      tf.Tensor3D,
      tf.Tensor3D,
    ]
    const d = tf.reshape(dy, [size, 1, pairs]) as tf.Tensor3D
    const byUnit = (x: tf.Tensor3D) => tf.reshape(tf.sum(tf.matMul(d, x, false, true), 0), [units])
    const isBelow = tf.step(tf.neg(below))
    const bend = tf.add(
      tf.mul(isBelow, tf.reshape(tf.mul(tf.sub(slopes, 1), outs), [units, 1])),
      tf.reshape(outs, [units, 1]),
    )
    const dKnown = tf.reshape(tf.mul(bend, d), [size, rows, candidates]) as tf.Tensor3D
    return [tf.matMul(dKnown, r), tf.matMul(dKnown, l, true, false), tf.mul(byUnit(below), outs), byUnit(active)]
  }
}

/** x where it is positive, slope × x where not, by column: He et al., "Delving Deep into Rectifiers", ICCV 2015. */
export function parametricRelu(x: tf.Tensor2D, slope: tf.Tensor1D): tf.Tensor2D {
  const op = tf.customGrad((...inputs) => {
    const [given, slopes, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc]
    const below = tf.minimum(given, 0)
    save([below, slopes])
    return {
      value: tf.add(given, tf.mul(below, tf.sub(slopes, 1))),
      gradFunc: (dy, saved) => {
        const [negative, bend] = saved as [tf.Tensor2D, tf.Tensor1D]
        const isBelow = tf.step(tf.neg(negative))
        return [tf.mul(dy, tf.add(tf.mul(isBelow, tf.sub(bend, 1)), 1)), tf.sum(tf.mul(dy, negative), 0)]
      },
    }
  })
  return op(x, slope) as tf.Tensor2D
}

/**
 * Cross-entropy of the softmax over each row of `logits` with its first column as the target, a weighted mean of rows.
 *
 * @param weights (rows)
 */
export function slateLoss(logits: tf.Tensor2D, weights: tf.Tensor1D): tf.Scalar {
  const [rows, columns] = logits.shape
  const op = tf.customGrad((...inputs) => {
    const [given, save] = inputs as unknown as [tf.Tensor2D, tf.GradSaveFunc]
    const probabilities = tf.softmax(given)
    const share = tf.reshape(tf.div(weights, tf.maximum(1, tf.sum(weights))), [rows, 1])
    const first = tf.concat([tf.ones([rows, 1]), tf.zeros([rows, columns - 1])], 1)
    const likelihood = tf.sum(tf.mul(probabilities, first), 1, true)
    save([tf.mul(tf.sub(probabilities, first), share)])
    return {
      value: tf.neg(tf.sum(tf.mul(tf.log(tf.maximum(likelihood, 1e-30)), share))) as tf.Scalar,
      gradFunc: (dy, [gradient]) => tf.mul(gradient!, dy),
    }
  })
  return op(logits) as tf.Scalar
}

/**
 * Cross-entropy of the logistic function of `logits` (rows), a weighted mean.
 *
 * @param truth (rows): 0 or 1
 * @param weights (rows)
 */
export function logisticLoss(logits: tf.Tensor1D, truth: tf.Tensor1D, weights: tf.Tensor1D): tf.Scalar {
  const op = tf.customGrad((...inputs) => {
    const [given, save] = inputs as unknown as [tf.Tensor1D, tf.GradSaveFunc]
    const share = tf.div(weights, tf.maximum(1, tf.sum(weights)))
    save([tf.mul(tf.sub(tf.sigmoid(given), truth), share)])
    return {
      value: tf.sum(tf.mul(tf.sub(tf.softplus(given), tf.mul(given, truth)), share)) as tf.Scalar,
      gradFunc: (dy, [gradient]) => tf.mul(gradient!, dy),
    }
  })
  return op(logits) as tf.Scalar
}
