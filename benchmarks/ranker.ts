// Ranking the candidates of one request on one core: features and forward pass. Baseline: the same network, on the same
// features, in TensorFlow.js on whatever backend is there.
import * as tf from '@tensorflow/tfjs-core'
import { openData } from '../src/bin/roles/replay.ts'
import { interactionAt, readEvents } from '../src/evaluation/events.ts'
import { ProblemList } from '../src/producers/datasets/problem-list.ts'
import { Random } from '../src/random.ts'
import { unseenCandidates } from '../src/ranking/candidate-ranker.ts'
import { FeatureReader, type FeatureTable } from '../src/ranking/features.ts'
import { ItemContent } from '../src/ranking/item-content.ts'
import { rankCandidates, standardised } from '../src/ranking/rank-candidates.ts'
import { RankerLearner } from '../src/ranking/ranker-learner.ts'
import { HIDDEN, type RankerParameters } from '../src/ranking/ranker-parameters.ts'
import { SOURCES } from '../src/retrieval/retriever.ts'
import { LiveReplica } from '../src/training/live-replica.ts'
import { openTensorFlow } from '../src/training/tensorflow.ts'
import { type Benchmark, percentile, rounded } from './benchmark.ts'

const CANDIDATES = 300
const HISTORY = 50
/** Of the stream, folded before the first request. */
const EVENTS = 50_000
const EXAMPLES = 200
const ROUNDS = 300
const WARM_UP = 50

export const run: Benchmark = async ({ config, data, status }) => {
  const events = readEvents(await openData(data, config, new ProblemList()))
  const live = await LiveReplica.open({ items: events.catalogue, partitions: config.partitions, sources: SOURCES })
  const names = SOURCES.map(({ name }) => name)
  const reader = new FeatureReader(names, new ItemContent(live.items, live.catalogue))
  const learner = new RankerLearner(reader.names, reader.contextNames, { random: new Random(1) })
  status('folding')
  const seen = new Uint32Array(events.userIds.length)
  const count = Math.min(EVENTS, events.size)
  for (let sequence = 0; sequence < count; sequence++) {
    const event = interactionAt(events, sequence)
    if (sequence >= count - EXAMPLES) {
      const candidates = unseenCandidates(await live.ask(event.userId, event.at))
      const row = candidates.indexOf(live.items.find(event.itemId))
      if (row >= 0) learner.learn(reader.read(await live.ask(event.userId, event.at), candidates), row)
    }
    await live.push(event)
    seen[events.user[sequence]!]!++
  }
  const user = seen.findIndex((interactions) => interactions >= HISTORY)
  const scored = await live.ask(events.userIds[user]!, events.at[count - 1]!)
  const request = { ...scored, context: { ...scored.context, history: scored.context.history.slice(0, HISTORY) } }
  const candidates = unseenCandidates(scored).slice(0, CANDIDATES)
  const { parameters } = learner
  const plain = new Float64Array(candidates.length)
  const table = reader.read(request, candidates)
  status('ranking')
  const features = await measure(() => reader.read(request, candidates))
  const forward = await measure(() => rankCandidates(parameters, table, plain))
  const whole = await measure(() => rankCandidates(parameters, reader.read(request, candidates), plain))
  const backend = await openTensorFlow()
  let theirs: ArrayLike<number> = []
  const network = inTensorFlow(parameters)
  const tfjs = await measure(async () => {
    theirs = await network(table)
  })
  return {
    candidates: candidates.length,
    history: request.context.history.length,
    features: reader.names.length + reader.contextNames.length,
    featuresP50Ms: features.p50,
    plainP50Ms: forward.p50,
    plainP99Ms: forward.p99,
    rankerP50Ms: whole.p50,
    rankerP99Ms: whole.p99,
    tfjsBackend: backend,
    tfjsP50Ms: tfjs.p50,
    maxAbsDifference: Math.max(...plain.map((logit, row) => Math.abs(logit - theirs[row]!))),
  }
}

async function measure(work: () => unknown): Promise<{ p50: number; p99: number }> {
  const times: number[] = []
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const start = performance.now()
    const pending = work()
    if (pending instanceof Promise) await pending
    if (round >= WARM_UP) times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return { p50: rounded(percentile(times, 50), 3), p99: rounded(percentile(times, 99), 3) }
}

/** The network with its weights on the backend already; features go in, logits come out. */
function inTensorFlow(parameters: RankerParameters): (table: FeatureTable) => Promise<ArrayLike<number>> {
  const { scale, linear, hidden, contextHidden, bias, output } = parameters
  const vector = (values: Float64Array) => tf.tensor1d(Float32Array.from(values))
  const matrix = (values: Float64Array, rows: number, columns: number) =>
    tf.tensor2d(Float32Array.from(values), [rows, columns])
  const weights = {
    scale: vector(scale),
    linear: matrix(linear, linear.length, 1),
    hidden: matrix(hidden, linear.length, HIDDEN),
    contextHidden: matrix(contextHidden, parameters.contextNames.length, HIDDEN),
    bias: vector(bias),
    output: matrix(output, HIDDEN, 1),
  }
  return async ({ items, context, candidates }) => {
    const logits = tf.tidy(() => {
      const values = tf.tensor2d(items.slice(), [candidates.length, linear.length])
      const rows = tf.mul(tf.sub(values, tf.mean(values, 0)), weights.scale) as tf.Tensor2D
      const around = context.map((_, c) => standardised(parameters, context, c))
      const base = tf.matMul(tf.tensor2d(around, [1, around.length]), weights.contextHidden)
      const layer = tf.relu(tf.add(tf.add(tf.matMul(rows, weights.hidden), base), weights.bias)) as tf.Tensor2D
      return tf.add(tf.matMul(rows, weights.linear), tf.matMul(layer, weights.output))
    })
    const values = await logits.data()
    logits.dispose()
    return values
  }
}
