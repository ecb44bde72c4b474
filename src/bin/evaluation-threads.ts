// One share of an evaluation in a thread of its own: both what starts it and, in the thread, what runs it.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import { type Prediction, type PrequentialSums, prequential } from '../evaluation/prequential.ts'
import { ProblemList } from '../producers/datasets/problem-list.ts'
import { openData } from './roles/replay.ts'

export interface Share {
  readonly config: Config
  readonly data: string
  readonly every: number
  /** Whether the predictions themselves are wanted. */
  readonly dump: boolean
  readonly index: number
  readonly of: number
}

export interface ShareOutcome {
  readonly sums: PrequentialSums
  readonly predictions: Prediction[]
}

export function startShare(share: Share, onProgress: (events: number) => void): Promise<ShareOutcome> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { share } })
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (message: number | ShareOutcome) => {
      if (typeof message === 'number') onProgress(message)
      else resolve(message)
    })
  })
}

if (!isMainThread && workerData?.share) {
  const { config, data, every, dump, index, of }: Share = workerData.share
  const predictions: Prediction[] = []
  const sums = await prequential({
    dataset: await openData(data, config, new ProblemList()),
    partitions: config.partitions,
    every,
    share: { index, of },
    ...(dump ? { onPrediction: (prediction) => predictions.push(prediction) } : {}),
    onProgress: (events) => parentPort!.postMessage(events),
  })
  parentPort!.postMessage({ sums, predictions } satisfies ShareOutcome)
}
