import * as tf from '@tensorflow/tfjs-core'

/** Keeps what is later, and padding, out of a softmax. */
const NEVER = -1e9

/**
 * What attention adds to its scores: of each pair of positions the bias of how far apart they are and that of the time
 * between, and no look ahead. Summed up here and not by TensorFlow.js: looking rows of two numbers up one by one cost it
 * as much as the layers around.
 *
 * @param distance (at least T, heads)
 * @param age (buckets, heads)
 * @param ages (B T T): bucket of the time from event j to event i, read where j is no later
 * @returns (heads B, T, T)
 */
export function attentionBias(distance: tf.Tensor2D, age: tf.Tensor2D, ages: Int32Array, length: number): tf.Tensor3D {
  const heads = distance.shape[1]
  const size = ages.length / (length * length)
  const op = tf.customGrad((...inputs) => {
    const [byDistance, byAge, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc]
    save([])
    const bias = new Float32Array(heads * ages.length).fill(NEVER)
    const [far, old] = [byDistance.dataSync(), byAge.dataSync()]
    for (let head = 0; head < heads; head++) {
      const offset = head * ages.length
      for (let row = 0; row < size * length; row++) {
        const to = row % length
        for (let from = 0, pair = row * length; from <= to; from++, pair++) {
          bias[offset + pair] = far[(to - from) * heads + head]! + old[ages[pair]! * heads + head]!
        }
      }
    }
    return {
      value: tf.tensor3d(bias, [heads * size, length, length]),
      gradFunc: (dy) => {
        const slopes = (dy as tf.Tensor).dataSync()
        const [dFar, dOld] = [new Float32Array(byDistance.size), new Float32Array(byAge.size)]
        for (let head = 0; head < heads; head++) {
          const offset = head * ages.length
          for (let row = 0; row < size * length; row++) {
            const to = row % length
            for (let from = 0, pair = row * length; from <= to; from++, pair++) {
              const slope = slopes[offset + pair]!
              dFar[(to - from) * heads + head]! += slope
              dOld[ages[pair]! * heads + head]! += slope
            }
          }
        }
        return [tf.tensor2d(dFar, byDistance.shape), tf.tensor2d(dOld, byAge.shape)]
      },
    }
  })
  return op(distance, age) as tf.Tensor3D
}
