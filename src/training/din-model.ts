// A Deep Interest Network: Zhou et al., "Deep Interest Network for Click-Through Rate Prediction", KDD 2018. How much a
// history entry matters for a candidate is worked out by an activation unit over both of their embeddings; what it is
// weighted with is summed up, not normalised, so that the strength of an interest is kept. Departures: the unit sees
// nothing but the two items, so that in service it is a table of pairs, and what is known of the entry (kind, value, age,
// position) is a factor outside it; features of the candidate and of the request stand beside the interest; two heads,
// one for what is taken next and one for whether it pleases, share everything up to the last layer.
import * as tf from '@tensorflow/tfjs-core'
import { KINDS } from '../events/kinds.ts'
import { ATTENDED } from '../kernels/attended-history.ts'
import { HEADS } from '../kernels/din-weights.ts'
import { GAP_BUCKETS, VALUE_BUCKETS } from '../kernels/event-context.ts'
import { activationUnit, logisticLoss, parametricRelu, slateLoss } from './din-layers.ts'
import type { Dropout } from './dropout.ts'
import { lookUp } from './layers.ts'
import type { Initial, Parameters } from './parameters.ts'

export interface DinSettings {
  /** D: of the item embeddings. */
  readonly width: number
  /** K: hidden units of the activation unit. */
  readonly unit: number
  /** L: hidden units that the heads share. */
  readonly layer: number
  readonly dropout: number
  /** What the satisfaction loss weighs beside the one of engagement. */
  readonly satisfaction: number
}

/** B slates of N candidates, the first of each the one that the event was about, and histories of H entries. */
export interface DinBatch {
  readonly size: number
  readonly candidates: number
  readonly entries: number
  /** (B N) */
  readonly items: Int32Array
  /** (B N, features): standardised. */
  readonly features: Float32Array
  /** (B, contexts): standardised. */
  readonly context: Float32Array
  /** (B N): logarithm of how many candidates each stands for; very small where there is none. */
  readonly logWeight: Float32Array
  /** (B H): embeddings, and buckets of what is known of the entry. */
  readonly history: Int32Array
  readonly kind: Int32Array
  readonly value: Int32Array
  readonly age: Int32Array
  readonly position: Int32Array
  /** (B H): 0 where there is no entry. */
  readonly present: Float32Array
  /** (B): how much it counts that the first candidate was taken; 0 where it was not. */
  readonly engaged: Float32Array
  /** (B): 1 or 0, and NaN as 0 with no weight. */
  readonly satisfied: Float32Array
  readonly satisfiedWeight: Float32Array
}

export function dinParameters(
  items: number,
  features: number,
  contexts: number,
  { width, unit, layer }: DinSettings,
): Record<string, Initial> {
  const matrix = (rows: number, columns: number, gain = 1): Initial => ({
    shape: [rows, columns],
    deviation: gain / Math.sqrt(rows),
  })
  const zeros = (...shape: number[]): Initial => ({ shape, deviation: 0 })
  const slopes = (size: number): Initial => ({ shape: [size], deviation: 0, mean: 0.25 })
  return {
    embedding: { shape: [items, width], deviation: 0.1, perItem: true },
    'unit.product': { shape: [unit, width], deviation: 1 },
    'unit.target': { shape: [unit, width], deviation: 1 / Math.sqrt(width) },
    'unit.history': matrix(width, unit),
    'unit.bias': zeros(unit),
    'unit.slope': slopes(unit),
    'unit.out': { shape: [unit], deviation: 1 / Math.sqrt(unit) },
    'unit.out.bias': zeros(1),
    'factor.kind': zeros(KINDS.length, 1),
    'factor.value': { shape: [VALUE_BUCKETS, 1], deviation: 0, mean: 1 },
    'factor.age': zeros(GAP_BUCKETS, 1),
    'factor.position': zeros(ATTENDED, 1),
    'layer.interest': matrix(width + 1, layer),
    'layer.target': matrix(width, layer),
    'layer.product': matrix(width, layer),
    'layer.features': matrix(features, layer),
    'layer.context': matrix(contexts, layer),
    'layer.bias': zeros(layer),
    'layer.slope': slopes(layer),
    'heads.layer': matrix(layer, HEADS, 0.1),
    'heads.interest': zeros(width + 1, HEADS),
    'heads.features': zeros(features, HEADS),
    'heads.context': zeros(contexts, HEADS),
    'heads.bias': zeros(HEADS),
  }
}

export class DinModel {
  readonly #parameters: Parameters
  readonly #settings: DinSettings
  readonly #dropout: Dropout

  constructor(parameters: Parameters, settings: DinSettings, dropout: Dropout) {
    this.#parameters = parameters
    this.#settings = settings
    this.#dropout = dropout
  }

  loss(batch: DinBatch): tf.Scalar {
    const { size, candidates } = batch
    const [engagement, satisfaction] = tf.split(this.#logits(batch, true), HEADS, 1)
    const weighted = tf.add(
      tf.reshape(engagement!, [size, candidates]),
      tf.tensor2d(batch.logWeight, [size, candidates]),
    ) as tf.Tensor2D
    const listwise = slateLoss(weighted, tf.tensor1d(batch.engaged))
    const [first] = tf.split(tf.reshape(satisfaction!, [size, candidates]), [1, candidates - 1], 1)
    const pleased = logisticLoss(
      tf.reshape(first!, [size]) as tf.Tensor1D,
      tf.tensor1d(batch.satisfied),
      tf.tensor1d(batch.satisfiedWeight),
    )
    return tf.add(listwise, tf.mul(pleased, this.#settings.satisfaction))
  }

  /** (B N, HEADS) */
  logits(batch: DinBatch): tf.Tensor2D {
    return tf.tidy(() => this.#logits(batch, false))
  }

  #logits(batch: DinBatch, isTraining: boolean): tf.Tensor2D {
    const drop = <X extends tf.Tensor>(x: X): X => (isTraining ? this.#dropout.apply(x) : x)
    const { size, candidates, entries } = batch
    const { width, layer } = this.#settings
    const count = size * candidates
    const table = this.#of<tf.Tensor2D>('embedding')
    const target = drop(lookUp(table, tf.tensor1d(batch.items, 'int32')))
    const entry = drop(lookUp(table, tf.tensor1d(batch.history, 'int32')))
    const interest = tf.reshape(
      this.#interest(
        tf.reshape(entry, [size, entries, width]),
        tf.reshape(target, [size, candidates, width]),
        this.#factors(batch),
      ),
      [count, width + 1],
    ) as tf.Tensor2D
    const [felt] = tf.split(interest, [width, 1], 1)
    const features = tf.tensor2d(batch.features, [count, batch.features.length / count])
    const context = tf.tensor2d(batch.context, [size, batch.context.length / size])
    const known = tf.reshape(
      tf.add(
        tf.reshape(
          tf.addN([
            tf.matMul(interest, this.#of<tf.Tensor2D>('layer.interest')),
            tf.matMul(target, this.#of<tf.Tensor2D>('layer.target')),
            tf.matMul(tf.mul(felt!, target) as tf.Tensor2D, this.#of<tf.Tensor2D>('layer.product')),
            tf.matMul(features, this.#of<tf.Tensor2D>('layer.features')),
          ]),
          [size, candidates, layer],
        ),
        tf.reshape(tf.add(tf.matMul(context, this.#of<tf.Tensor2D>('layer.context')), this.#of('layer.bias')), [
          size,
          1,
          layer,
        ]),
      ),
      [count, layer],
    ) as tf.Tensor2D
    const hidden = drop(parametricRelu(known, this.#of('layer.slope')))
    const byCandidate = tf.addN([
      tf.matMul(hidden, this.#of<tf.Tensor2D>('heads.layer')),
      tf.matMul(interest, this.#of<tf.Tensor2D>('heads.interest')),
      tf.matMul(features, this.#of<tf.Tensor2D>('heads.features')),
    ])
    const byRequest = tf.add(tf.matMul(context, this.#of<tf.Tensor2D>('heads.context')), this.#of('heads.bias'))
    const logits = tf.add(tf.reshape(byCandidate, [size, candidates, HEADS]), tf.reshape(byRequest, [size, 1, HEADS]))
    return tf.reshape(logits, [count, HEADS]) as tf.Tensor2D
  }

  /** (B, H, 1): what an entry matters, whatever the candidate. */
  #factors(batch: DinBatch): tf.Tensor3D {
    const of = (name: string, rows: Int32Array) =>
      lookUp(this.#of<tf.Tensor2D>(`factor.${name}`), tf.tensor1d(rows, 'int32'))
    const meant = tf.add(of('kind', batch.kind), of('value', batch.value))
    const faded = tf.exp(tf.add(of('age', batch.age), of('position', batch.position)))
    const factors = tf.mul(tf.mul(meant, faded), tf.tensor2d(batch.present, [batch.present.length, 1]))
    return tf.reshape(factors, [batch.size, batch.entries, 1]) as tf.Tensor3D
  }

  /** (B, H, D) and (B, N, D) → (B, N, D + 1): the weighted sum of the entries, and last that of the weights. */
  #interest(entry: tf.Tensor3D, target: tf.Tensor3D, factors: tf.Tensor3D): tf.Tensor3D {
    const [size, entries, width] = entry.shape
    const candidates = target.shape[1]
    const { unit } = this.#settings
    // Pre-activation k of the pair is the inner product of left[k, h] = [e_h ⊙ product_k + target_k, e_h · history_k +
    // bias_k] with [e_t, 1].
    const pairs = tf.add(
      tf.mul(tf.reshape(entry, [size, 1, entries, width]), tf.reshape(this.#of('unit.product'), [1, unit, 1, width])),
      tf.reshape(this.#of('unit.target'), [1, unit, 1, width]),
    )
    const own = tf.add(
      tf.matMul(tf.reshape(entry, [size * entries, width]) as tf.Tensor2D, this.#of<tf.Tensor2D>('unit.history')),
      this.#of('unit.bias'),
    )
    const ownByUnit = tf.reshape(tf.transpose(tf.reshape(own, [size, entries, unit]), [0, 2, 1]), [
      size,
      unit,
      entries,
      1,
    ])
    const left = tf.reshape(tf.concat([pairs, ownByUnit], 3), [size, unit * entries, width + 1]) as tf.Tensor3D
    const right = tf.concat([target, tf.ones([size, candidates, 1])], 2) as tf.Tensor3D
    const activations = activationUnit(left, right, this.#of('unit.slope'), this.#of('unit.out'))
    const weights = tf.mul(tf.add(activations, this.#of('unit.out.bias')), factors) as tf.Tensor3D
    const summed = tf.concat([entry, tf.ones([size, entries, 1])], 2) as tf.Tensor3D
    return tf.matMul(weights, summed, true, false) as tf.Tensor3D
  }

  #of<T extends tf.Tensor = tf.Tensor1D>(name: string): T {
    return this.#parameters.get(name)! as unknown as T
  }
}
