import { Worker } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import type { ReplayProgress } from '../producers/progress.ts'
import type { Accepted } from '../serving/freshness.ts'
import { answerCall, type PredictionCall, type Predictor } from './prediction-calls.ts'
import { type ConsumeProgress, NOTHING_CONSUMED } from './roles/consume.ts'

/** What a role's thread says to the one that started it. */
export type ThreadMessage<Progress> =
  /** The replay's: where it is, in figures. */
  | { readonly type: 'replayed'; readonly progress: ReplayProgress }
  /** The replay's: the broker has this event. */
  | { readonly type: 'accepted'; readonly event: Accepted }
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'progress'; readonly progress: Progress }
  /** The replay's: the history is in. */
  | { readonly type: 'live' }
  /** The log's answer to `export`. */
  | { readonly type: 'exported'; readonly id: number; readonly error?: string }
  /** The fold's. */
  | PredictionCall

/** A stream's garbage is young: left alone, each thread's nursery grows to many times of what it needs. */
const MAX_YOUNG_GENERATION_MB = 12

export interface RoleThread {
  /** Resolves when the role has ended by itself or was stopped, rejects with what ended it otherwise. */
  readonly done: Promise<void>
  stop(): Promise<void>
  /** Something to say to the role. */
  post(message: object): void
}

export interface Consumers extends Omit<RoleThread, 'post'> {
  /** Writes what the event log has into a file, as a training set; rejects where that fails. */
  exportSet(path: string): Promise<void>
}

/**
 * Runs a role of the embedded program in a thread of its own, so that folding and replaying at full speed leave the
 * thread that answers requests alone.
 */
export function startThread<Input extends object, Progress>(
  role: 'fold' | 'log' | 'replay',
  input: Input & { readonly config: Config },
  onMessage: (message: ThreadMessage<Progress>) => void,
): RoleThread {
  const worker = new Worker(new URL('./role-thread.ts', import.meta.url), {
    workerData: { role, input },
    resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_GENERATION_MB },
  })
  worker.on('message', onMessage)
  const done = new Promise<void>((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the ${role} thread ended with ${code}`))))
  })
  return {
    done,
    stop: () => {
      worker.postMessage('stop')
      return done
    },
    post: (message) => worker.postMessage(message),
  }
}

/**
 * The consumers, each in a thread of its own: folding need not wait for the event log's part of the work.
 * @param predictor asked about a sample of the events before they are folded
 */
export function startConsumers(
  config: Config,
  onProgress: (progress: ConsumeProgress) => void,
  predictor?: Predictor,
): Consumers {
  let progress = NOTHING_CONSUMED
  let asked = 0
  const exports = new Map<number, PromiseWithResolvers<void>>()
  const [fold, log] = (['fold', 'log'] as const).map((role) =>
    startThread<{ readonly predicts: boolean }, Partial<ConsumeProgress>>(
      role,
      { config, predicts: predictor !== undefined },
      (message) => {
        if (message.type === 'progress') {
          progress = { ...progress, ...message.progress }
          onProgress(progress)
        } else if (message.type === 'exported') {
          const waiting = exports.get(message.id)
          exports.delete(message.id)
          if (message.error === undefined) waiting?.resolve()
          else waiting?.reject(new Error(message.error))
        } else if (predictor && (message.type === 'predict' || message.type === 'predicted')) {
          void answerCall(message, predictor, (answer) => fold.post(answer))
        }
      },
    ),
  ) as [RoleThread, RoleThread]
  const done = Promise.race([fold.done, log.done])
  return {
    done,
    stop: async () => {
      await Promise.all([fold.stop(), log.stop()])
    },
    exportSet: (path) => {
      const waiting = Promise.withResolvers<void>()
      exports.set(asked, waiting)
      log.post({ type: 'export', id: asked++, path })
      return Promise.race([waiting.promise, done])
    },
  }
}
