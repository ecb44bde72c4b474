// How long a query tower takes for one history of 50 events, in the kernel that serves and in TensorFlow.js, and how far
// their answers are apart: `node benchmarks/query-towers.ts`. Takes some seconds.
import * as tf from '@tensorflow/tfjs-core'
import { CONTENT_FEATURES } from '../src/kernels/item-content.ts'
import { itemTraits, TRAITS } from '../src/kernels/item-traits.ts'
import { queryModel } from '../src/kernels/query-models.ts'
import type { QueryHistory } from '../src/models/query-model.ts'
import type { Tensor } from '../src/models/tensors.ts'
import { Random } from '../src/random.ts'
import { Dropout } from '../src/training/dropout.ts'
import { type Initial, makeParameters, readParameters } from '../src/training/parameters.ts'
import { batchOf } from '../src/training/sequence-batches.ts'
import { SequenceModel, sequenceParameters } from '../src/training/sequence-model.ts'
import { SEQUENCE_RECIPE } from '../src/training/sequence-trainer.ts'
import { openTensorFlow } from '../src/training/tensorflow.ts'
import { queryBatch } from '../src/training/two-tower-batches.ts'
import { TwoTowerModel, twoTowerParameters } from '../src/training/two-tower-model.ts'
import { TWO_TOWER_RECIPE } from '../src/training/two-tower-trainer.ts'
import { percentile, rounded } from './benchmark.ts'

const ITEMS = 3_700
const EVENTS = 51
const WARM_UP = 500
const KERNEL_ROUNDS = 3_000
const TENSORFLOW_ROUNDS = 200

const random = new Random(1)
const itemIds = Array.from({ length: ITEMS }, (_, item) => `${item}`)
/** One user, whose last event is the one asked for. */
const set = {
  userIds: ['u'],
  users: [undefined],
  itemIds,
  items: itemIds.map(() => undefined),
  starts: Uint32Array.of(0, EVENTS),
  item: Uint32Array.from({ length: EVENTS }, () => random.below(ITEMS)),
  kind: new Uint8Array(EVENTS),
  value: Float32Array.from({ length: EVENTS }, () => 1 + random.below(5)),
  at: Float64Array.from({ length: EVENTS }, (_, event) => 1e12 + 40_000 * event),
  place: new Int16Array(EVENTS).fill(-1),
  positionBias: 0,
  asOf: 2e12,
}
const history: QueryHistory = {
  length: EVENTS - 1,
  item: Int32Array.from(set.item.subarray(0, EVENTS - 1)),
  kind: set.kind,
  value: set.value,
  at: set.at,
  now: set.at[EVENTS - 1]!,
}
const none = new Dropout(0, random)

function parametersOf(initials: Readonly<Record<string, Initial>>) {
  const wide = Object.entries(initials).map(([name, initial]) => [name, { ...initial, deviation: 0.1 }] as const)
  return makeParameters(Object.fromEntries(wide), random, itemIds)
}

function timesMs(rounds: number, run: () => void): number[] {
  const times = Array.from({ length: rounds + Math.min(rounds, WARM_UP) }, () => {
    const start = performance.now()
    run()
    return performance.now() - start
  })
  return times.slice(-rounds).sort((a, b) => a - b)
}

function measure(name: 'sequence' | 'two-tower', tensors: ReadonlyMap<string, Tensor>, reference: () => tf.Tensor2D) {
  const kernel = queryModel(name, tensors)!
  const into = new Float32Array(kernel.dimensions)
  const kernelMs = timesMs(KERNEL_ROUNDS, () => kernel.query(history, into))
  const answer = tf.tidy(reference).dataSync()
  const tensorflowMs = timesMs(TENSORFLOW_ROUNDS, () => tf.tidy(reference).dataSync())
  return {
    kernelP50Ms: rounded(percentile(kernelMs, 50), 3),
    kernelP99Ms: rounded(percentile(kernelMs, 99), 3),
    tensorflowP50Ms: rounded(percentile(tensorflowMs, 50), 3),
    timesFaster: rounded(percentile(tensorflowMs, 50) / percentile(kernelMs, 50), 1),
    maxAbsDifference: Math.max(...into.map((value, i) => Math.abs(value - answer[i]!))),
  }
}

const backend = await openTensorFlow()
const sequence = parametersOf(sequenceParameters(ITEMS, SEQUENCE_RECIPE))
const sequenceModel = new SequenceModel(sequence, SEQUENCE_RECIPE, none)
const heads = { shape: [1], data: Float32Array.of(SEQUENCE_RECIPE.heads) }
const twoTower = parametersOf(twoTowerParameters(ITEMS, CONTENT_FEATURES, TWO_TOWER_RECIPE))
const twoTowerModel = new TwoTowerModel(twoTower, TWO_TOWER_RECIPE, none)
const items = { shape: [ITEMS, TWO_TOWER_RECIPE.width], data: new Float32Array(ITEMS * TWO_TOWER_RECIPE.width) }
const traits = { shape: [ITEMS, TRAITS], data: itemTraits(set.items) }
const window = { from: EVENTS - 1 - SEQUENCE_RECIPE.window, to: EVENTS - 1 }
const example = { user: 0, target: EVENTS - 1 }

console.log(
  JSON.stringify(
    {
      backend,
      history: history.length,
      sequence: measure('sequence', new Map([...readParameters(sequence), ['heads', heads]]), () =>
        sequenceModel.queries(batchOf(set, [window], true)),
      ),
      twoTower: measure('two-tower', new Map([...readParameters(twoTower), ['items', items], ['traits', traits]]), () =>
        twoTowerModel.queries(
          queryBatch(set, [example], TWO_TOWER_RECIPE.window, traits.data, [new Int32Array()]),
          false,
        ),
      ),
    },
    null,
    2,
  ),
)
process.exit()
