// Gradients of the operations that the models use. The Node build of tfjs-core comes without any: tfjs-node brings all
// of them along, the WebAssembly backend none.
import * as tf from '@tensorflow/tfjs-core'

type Gradient = Parameters<typeof tf.registerGradient>[0]

const matrices = (a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean) =>
  tf.matMul(a, b, transposeA, transposeB)

const GRADIENTS: readonly Gradient[] = [
  {
    kernelName: tf.Add,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({ a: () => summedTo(one(dy), a!.shape), b: () => summedTo(one(dy), b!.shape) }),
  },
  {
    kernelName: tf.AddN,
    saveAllInputs: true,
    gradFunc: (dy, saved) => Object.fromEntries(saved.map((_, index) => [index, () => tf.clone(one(dy))])),
  },
  {
    kernelName: tf.Multiply,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => summedTo(tf.mul(one(dy), b!), a!.shape),
      b: () => summedTo(tf.mul(one(dy), a!), b!.shape),
    }),
  },
  {
    kernelName: tf.BatchMatMul,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b], attributes) => {
      const { transposeA, transposeB } = attributes as unknown as { transposeA: boolean; transposeB: boolean }
      const d = one(dy)
      return {
        a: () => (transposeA ? matrices(b!, d, transposeB, true) : matrices(d, b!, false, !transposeB)),
        b: () => (transposeB ? matrices(d, a!, true, transposeA) : matrices(a!, d, !transposeA, false)),
      }
    },
  },
  {
    kernelName: tf.Softmax,
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({
      logits: () => {
        const weighted = tf.mul(one(dy), y!)
        return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), y!))
      },
    }),
  },
  {
    kernelName: tf.Relu,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => tf.mul(one(dy), tf.cast(tf.step(x!), 'float32')) }),
  },
  {
    kernelName: tf.Exp,
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => tf.mul(one(dy), y!) }),
  },
  {
    kernelName: tf.Reshape,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => tf.reshape(one(dy), x!.shape) }),
  },
  {
    kernelName: tf.Transpose,
    gradFunc: (dy, _, attributes) => {
      const { perm } = attributes as unknown as { perm: number[] }
      return { x: () => tf.transpose(one(dy), tf.backend_util.getUndoAxesPermutation(perm)) }
    },
  },
  {
    kernelName: tf.Sum,
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attributes) => {
      const axes = tf.util.parseAxisParam((attributes as unknown as { axis: number }).axis, x!.shape)
      const kept = x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      return { x: () => tf.mul(tf.reshape(one(dy), kept), tf.onesLike(x!)) }
    },
  },
  {
    kernelName: tf.Concat,
    saveAllInputs: true,
    gradFunc: (dy, saved, attributes) => {
      const axis = tf.util.parseAxisParam((attributes as unknown as { axis: number }).axis, saved[0]!.shape)[0]!
      const parts = tf.split(
        one(dy),
        saved.map(({ shape }) => shape[axis]!),
        axis,
      )
      return Object.fromEntries(parts.map((part, index) => [index, () => part]))
    },
  },
  {
    kernelName: tf.SplitV,
    gradFunc: (dy, _, attributes) => ({
      x: () => tf.concat(dy as unknown as tf.Tensor[], (attributes as unknown as { axis: number }).axis),
    }),
  },
]

/** Registers what is missing. */
export function registerGradients(): void {
  for (const gradient of GRADIENTS) if (!tf.getGradient(gradient.kernelName)) tf.registerGradient(gradient)
}

function one(dy: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return dy as tf.Tensor
}

/** Undoes broadcasting: the sum over what was repeated. */
function summedTo(x: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape)
  return tf.reshape(axes.length > 0 ? tf.sum(x, axes) : x, shape)
}
