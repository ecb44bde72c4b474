import { Worker } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import { type ConsumeProgress, NOTHING_CONSUMED } from './roles/consume.ts'

/** What a role's thread says to the one that started it. */
export type ThreadMessage<Progress> =
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'progress'; readonly progress: Progress }

/** A stream's garbage is young: left alone, each thread's nursery grows to many times of what it needs. */
const MAX_YOUNG_GENERATION_MB = 12

export interface RoleThread {
  /** Resolves when the role has ended by itself or was stopped, rejects with what ended it otherwise. */
  readonly done: Promise<void>
  stop(): Promise<void>
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
  }
}

/** The consumers, each in a thread of its own: folding need not wait for the event log's part of the work. */
export function startConsumers(config: Config, onProgress: (progress: ConsumeProgress) => void): RoleThread {
  let progress = NOTHING_CONSUMED
  const threads = (['fold', 'log'] as const).map((role) =>
    startThread<object, Partial<ConsumeProgress>>(role, { config }, (message) => {
      if (message.type !== 'progress') return
      progress = { ...progress, ...message.progress }
      onProgress(progress)
    }),
  )
  return {
    done: Promise.race(threads.map(({ done }) => done)),
    stop: async () => {
      await Promise.all(threads.map((thread) => thread.stop()))
    },
  }
}
