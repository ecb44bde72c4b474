import { Worker } from 'node:worker_threads'
import type { Config } from '../config/config.ts'

/** What a role's thread says to the one that started it. */
export type ThreadMessage<Progress> =
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'progress'; readonly progress: Progress }

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
  role: 'consume' | 'replay',
  input: Input & { readonly config: Config },
  onMessage: (message: ThreadMessage<Progress>) => void,
): RoleThread {
  const worker = new Worker(new URL('./role-thread.ts', import.meta.url), { workerData: { role, input } })
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
