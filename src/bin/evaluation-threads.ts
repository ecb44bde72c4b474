// One share of an evaluation in a thread of its own: both what starts it and, in the thread, what runs it.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import { evaluatePlan } from '../evaluation/evaluate-plan.ts'
import { readEvents } from '../evaluation/events.ts'
import type { Answer } from '../evaluation/examiner.ts'
import type { FittedFiles } from '../evaluation/fitted-models.ts'
import type { Plan, PlanOptions } from '../evaluation/plan.ts'
import { PROTOCOLS } from '../evaluation/protocols/protocols.ts'
import { live } from '../evaluation/systems/live.ts'
import { baselines } from '../evaluation/systems/systems.ts'
import { trained } from '../evaluation/systems/trained.ts'
import type { Tally } from '../evaluation/tally.ts'
import { partitionFor } from '../events/topics.ts'
import type { ModelName } from '../models/model-trainer.ts'
import { ProblemList } from '../producers/datasets/problem-list.ts'
import { openData } from './roles/replay.ts'

export interface Share extends PlanOptions {
  readonly config: Config
  readonly protocol: string
  readonly data: string
  /** Whether the answers themselves are wanted. */
  readonly dump: boolean
  readonly index: number
  readonly of: number
  /** Baselines; undefined for all. */
  readonly systems: readonly string[] | undefined
  /** Trained, and their files, one entry a fit of the plan. */
  readonly models: readonly ModelName[]
  readonly fits: readonly FittedFiles[]
}

type Message =
  | { readonly type: 'progress'; readonly done: number }
  | { readonly type: 'answers'; readonly answers: readonly Answer[] }
  | { readonly type: 'tally'; readonly tally: Tally }

export interface ShareListener {
  /** Learned and predicted of the plan's work. */
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

/** @param data a data set by name or path */
export async function openPlan(protocol: string, data: string, config: Config, options: PlanOptions): Promise<Plan> {
  const events = readEvents(await openData(data, config, new ProblemList()))
  return PROTOCOLS[protocol]!(events, options)
}

const ANSWERS_A_MESSAGE = 500

async function runShare(share: Share): Promise<void> {
  const { config, protocol, data, dump, index, of, seed, systems, models, fits } = share
  const post = (message: Message) => parentPort!.postMessage(message)
  const plan = await openPlan(protocol, data, config, share)
  const { events } = plan
  const serving = await live(events, config.partitions)
  let answers: Answer[] = []
  const send = () => {
    post({ type: 'answers', answers })
    answers = []
  }
  const tally = await evaluatePlan({
    plan,
    live: serving,
    scorers: [
      ...baselines(events, seed, systems),
      ...(models.length > 0 ? [trained(events, models, fits)] : []),
      serving,
    ],
    isMine: (userId) => partitionFor(`share ${userId}`, of) === index,
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

if (!isMainThread && workerData?.share) await runShare(workerData.share)
