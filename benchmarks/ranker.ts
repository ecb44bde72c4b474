// Ranking the candidates of one request on one core, without computing their features: the Deep Interest Network in the
// kernel that serves, beside the same network in TensorFlow.js on whatever backend is there, and written down plainly.
// Beside it what else ranking costs: the features, and the network over them alone; and what it costs to learn that from
// an example, beside the gradients of one written down plainly.
import { openData } from '../src/bin/roles/replay.ts'
import { interactionAt, readEvents } from '../src/evaluation/events.ts'
import { atOnce } from '../src/in-passing.ts'
import { attendedHistory } from '../src/kernels/attended-history.ts'
import { columnMoments } from '../src/kernels/column-moments.ts'
import { DinKernel } from '../src/kernels/din-kernel.ts'
import { HEADS, readDin } from '../src/kernels/din-weights.ts'
import { PairScoreTable } from '../src/kernels/pair-score-table.ts'
import { ProblemList } from '../src/producers/datasets/problem-list.ts'
import { Random } from '../src/random.ts'
import { unseenCandidates } from '../src/ranking/candidate-ranker.ts'
import { DinRanker } from '../src/ranking/din-ranker.ts'
import { FeatureReader } from '../src/ranking/features.ts'
import { ItemContent } from '../src/ranking/item-content.ts'
import { encodeNetwork, NETWORK, withColumn } from '../src/ranking/network-logit.ts'
import { rankCandidates, rankRows } from '../src/ranking/rank-candidates.ts'
import { NEGATIVES, RankerLearner, REPLAYED } from '../src/ranking/ranker-learner.ts'
import { initialParameters } from '../src/ranking/ranker-parameters.ts'
import { SOURCES } from '../src/retrieval/retriever.ts'
import { batchOf } from '../src/training/din-batches.ts'
import { DinModel } from '../src/training/din-model.ts'
import { decodeDin } from '../src/training/din-tensors.ts'
import { DIN_RECIPE } from '../src/training/din-trainer.ts'
import { Dropout } from '../src/training/dropout.ts'
import { LiveReplica } from '../src/training/live-replica.ts'
import { makeParameters } from '../src/training/parameters.ts'
import { exampleOf, withNetworkLogit } from '../src/training/ranking-examples.ts'
import { openTensorFlow } from '../src/training/tensorflow.ts'
import { plainDin } from '../tests/fakes/plain-din.ts'
import { PlainRanker } from '../tests/fakes/plain-ranker.ts'
import { randomDin, unscaled } from '../tests/fakes/random-din.ts'
import { type Benchmark, percentile, rounded } from './benchmark.ts'

const CANDIDATES = 300
const HISTORY = 50
/** Of the stream, folded before the request. */
const EVENTS = 50_000
const ROUNDS = 300
const SLOW_ROUNDS = 30
const WARM_UP = 50

export const run: Benchmark = async ({ config, data, status }) => {
  const random = new Random(1)
  const events = readEvents(await openData(data, config, new ProblemList()))
  const { itemIds, users, catalogue } = events
  const live = await LiveReplica.open({
    items: catalogue,
    itemIds,
    users,
    partitions: config.partitions,
  })
  const names = SOURCES.map(({ name }) => name)
  const reader = new FeatureReader(names, new ItemContent(live.items, live.catalogue))
  status('folding')
  const seen = new Uint32Array(events.userIds.length)
  const count = Math.min(EVENTS, events.size)
  for (let sequence = 0; sequence < count; sequence++) {
    await live.push(interactionAt(events, sequence))
    seen[events.user[sequence]!]!++
  }
  const user = seen.findIndex((interactions) => interactions >= HISTORY)
  const scored = await live.ask(events.userIds[user]!, events.at[count - 1]!)
  const candidates = unseenCandidates(scored).slice(0, CANDIDATES)
  // Of parameters that were not trained: what is computed does not depend on them, nor how fast.
  const network = initialParameters(reader.names, reader.contextNames, random)
  const columns = [...reader.names, NETWORK]
  const din = randomDin(itemIds.length, columns, reader.contextNames, DIN_RECIPE, random)
  const tensors = new Map([...din, ...encodeNetwork(network)])
  const table = reader.read(scored, candidates)
  const { now, history } = scored.context
  const request = {
    items: Int32Array.from(candidates),
    features: withColumn(
      table.items,
      rankRows(network, table.items, table.context, columnMoments(table.items, reader.names.length).means),
    ),
    context: table.context,
    history: attendedHistory(history, now, (item) => item),
  }
  status('filling the table of pairs')
  const pairs = new PairScoreTable(tensors)
  const tableStart = performance.now()
  await pairs.prepare(itemIds.keys(), atOnce)
  const tableMs = performance.now() - tableStart
  const kernel = new DinKernel(tensors, columns, reader.contextNames, pairs)
  const weights = readDin(tensors, columns, reader.contextNames)
  status('ranking')
  const served = kernel.rank(request)
  const inKernel = await measure(ROUNDS, () => kernel.rank(request))
  const written = plainDin(weights, request)
  const plain = await measure(SLOW_ROUNDS, () => plainDin(weights, request))
  // Of a new request each time: a list that was just read is not read again.
  const features = await measure(ROUNDS, () => reader.read({ ...scored }, candidates))
  const ranker = new DinRanker(tensors, pairs, { vocabularyIndex: (item) => item }, reader)
  const whole = await measure(ROUNDS, () => ranker.rank({ ...scored }, candidates, { satisfaction: 0 }))
  const logits = new Float64Array(candidates.length)
  const overFeatures = await measure(ROUNDS, () => rankCandidates(network, table, logits))
  const learner = new RankerLearner(reader.names, reader.contextNames, { random })
  // Another one is taken each time, or soon nothing would be left to learn.
  const learning = await measure(ROUNDS, () => learner.learn(table, learner.examples % candidates.length))
  const plainRanker = new PlainRanker(network)
  const plainOverFeatures = await measure(ROUNDS, () => plainRanker.forward(table.items, table.context))
  const { means } = columnMoments(table.items, reader.names.length)
  const sample = table.items
    .subarray(0, (1 + NEGATIVES) * means.length)
    .map((value, i) => (value - means[i % means.length]!) * learner.parameters.scale[i % means.length]!)
  const plainGradient = await measure(ROUNDS, () => {
    plainRanker.forward(sample, table.context)
    plainRanker.backward()
  })
  const backend = await openTensorFlow()
  const example = withNetworkLogit(
    exampleOf(table, 0, scored.context, { interaction: interactionAt(events, count - 1), weight: 1 }, random),
    network,
  )
  const scaling = unscaled(columns.length, reader.contextNames.length)
  const previous = { tensors: decodeDin(tensors, scaling, columns, reader.contextNames), itemIds }
  const shapes = Object.fromEntries([...previous.tensors].map(([name, { shape }]) => [name, { shape, deviation: 0 }]))
  const dropout = new Dropout(0, random)
  const model = new DinModel(makeParameters(shapes, random, itemIds, previous), DIN_RECIPE, dropout)
  const shape = { candidates: CANDIDATES, entries: HISTORY }
  // Putting the arrays together is left out of what TensorFlow.js is measured by.
  const batch = batchOf([example], scaling, shape, random)
  const tfjs = await measure(SLOW_ROUNDS, async () => {
    const answer = model.logits(batch)
    await answer.data()
    answer.dispose()
  })
  const differences = Array.from(served, (logit, i) => Math.abs(logit - written[i]!))
  return {
    candidates: candidates.length,
    history: request.history.length,
    kernelP50Ms: inKernel.p50,
    kernelP99Ms: inKernel.p99,
    tfjsP50Ms: tfjs.p50,
    tfjsBackend: backend,
    plainP50Ms: plain.p50,
    maxAbsDifference: Math.max(...differences),
    largestLogit: rounded(Math.max(...Array.from(written, Math.abs)), 3),
    heads: HEADS,
    features: reader.names.length + reader.contextNames.length,
    featuresP50Ms: features.p50,
    featureNetworkP50Ms: overFeatures.p50,
    plainFeatureNetworkP50Ms: plainOverFeatures.p50,
    learnedExampleP50Ms: learning.p50,
    plainGradientsP50Ms: rounded((1 + REPLAYED) * plainGradient.p50, 3),
    rankerP50Ms: whole.p50,
    rankerP99Ms: whole.p99,
    tableRows: pairs.rows,
    tableMs: rounded(tableMs, 1),
  }
}

async function measure(rounds: number, work: () => unknown): Promise<{ p50: number; p99: number }> {
  const times: number[] = []
  for (let round = 0; round < Math.min(WARM_UP, rounds) + rounds; round++) {
    const start = performance.now()
    const pending = work()
    if (pending instanceof Promise) await pending
    if (round >= Math.min(WARM_UP, rounds)) times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return { p50: rounded(percentile(times, 50), 3), p99: rounded(percentile(times, 99), 3) }
}
