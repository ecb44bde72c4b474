// The threads of an evaluation, one a share of it and one that learns what they learn together: both what starts one
// and, in the thread, what runs it.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import { evaluatePlan } from '../evaluation/evaluate-plan.ts'
import { readEvents } from '../evaluation/events.ts'
import type { Answer } from '../evaluation/examiner.ts'
import type { Fits } from '../evaluation/fitted-models.ts'
import type { Plan, PlanOptions } from '../evaluation/plan.ts'
import { PROTOCOLS } from '../evaluation/protocols/protocols.ts'
import { rankerLearner } from '../evaluation/systems/ranker.ts'
import type { RankerMemory } from '../evaluation/systems/ranker-examples.ts'
import { openSystems, type SystemsMemory } from '../evaluation/systems/systems.ts'
import { trained } from '../evaluation/systems/trained.ts'
import type { Tally } from '../evaluation/tally.ts'
import type { ModelName } from '../models/model-trainer.ts'
import type { ColumnNames } from '../producers/datasets/csv-file.ts'
import { ProblemList } from '../producers/datasets/problem-list.ts'
import { openData } from './roles/replay.ts'

export interface Share extends PlanSource, PlanOptions {
  /** Whether the answers themselves are wanted. */
  readonly dump: boolean
  readonly systems: readonly string[]
  /** By part of the cases: which thread has claimed it, from 1; 0 while none has. */
  readonly claims: Int32Array<SharedArrayBuffer>
  readonly memory: SystemsMemory
  readonly index: number
  /** Trained, and their files. */
  readonly models: readonly ModelName[]
  readonly fitted: Fits | undefined
}

type Message =
  | { readonly type: 'progress'; readonly done: number }
  | { readonly type: 'answers'; readonly answers: readonly Answer[] }
  | { readonly type: 'tally'; readonly tally: Tally }

export interface ShareListener {
  /** Events learned and cases predicted, or left to others. */
  readonly onProgress: (done: number) => void
  readonly onAnswers: (answers: readonly Answer[]) => void
}

export function startShare(share: Share, { onProgress, onAnswers }: ShareListener): Promise<Tally> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { share } })
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (message: Message) => {
      if (message.type === 'progress') onProgress(message.done)
      else if (message.type === 'answers') onAnswers(message.answers)
      else resolve(message.tally)
    })
  })
}

export interface Learning extends PlanSource, PlanOptions {
  readonly ranker: RankerMemory
  readonly fitted: Fits | undefined
}

/** Resolves when the ranker has learned from the rehearsal of the plan or from all that the shares hand it. */
export function startLearner(learning: Learning): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { learning } })
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', () => resolve())
  })
}

export interface PlanSource {
  readonly protocol: string
  /** A data set by name or path. */
  readonly data: string
  /** Of a CSV file. */
  readonly columns: ColumnNames
  readonly config: Config
}

/** @param problems told of lines that cannot be read */
export async function openPlan(source: PlanSource, options: PlanOptions, problems = new ProblemList()): Promise<Plan> {
  const { protocol, data, columns, config } = source
  const events = readEvents(await openData(data, config, problems, columns))
  return PROTOCOLS[protocol]!(events, options)
}

const ANSWERS_A_MESSAGE = 500

async function runShare(share: Share): Promise<void> {
  const { config, dump, index, claims, systems, memory, seed, models, fitted } = share
  const post = (message: Message) => parentPort!.postMessage(message)
  const plan = await openPlan(share, share)
  const { partitions } = config
  const { scorers, live: serving } = await openSystems({ plan, systems, memory, partitions, fitted, seed })
  let answers: Answer[] = []
  const send = () => {
    post({ type: 'answers', answers })
    answers = []
  }
  const tally = await evaluatePlan({
    plan,
    ...(serving && { live: serving }),
    scorers: fitted ? [...scorers, trained(plan.events, models, fitted.fits)] : scorers,
    claims: (part) => Atomics.compareExchange(claims, part, 0, index + 1) === 0,
    onProgress: (done) => post({ type: 'progress', done }),
    ...(dump && {
      onAnswer: (answer: Answer) => {
        if (answers.push(answer) >= ANSWERS_A_MESSAGE) send()
      },
    }),
  })
  send()
  post({ type: 'tally', tally })
}

async function runLearner(learning: Learning): Promise<void> {
  const { ranker, config, fitted } = learning
  const learner = await rankerLearner(ranker, await openPlan(learning, learning), config.partitions, fitted)
  learner.learnAll()
}

if (!isMainThread && workerData?.share) await runShare(workerData.share)
if (!isMainThread && workerData?.learning) await runLearner(workerData.learning)
