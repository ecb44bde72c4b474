import * as tf from '@tensorflow/tfjs-core'
import type { ModelName, TrainOptions } from '../models/model-trainer.ts'
import { Adam, type AdamOptions } from './adam.ts'
import type { Parameters } from './parameters.ts'

export interface LoopOptions extends AdamOptions {
  readonly model: ModelName
  readonly steps: number
  readonly peakLearningRate: number
  readonly warmUpSteps: number
  /** Steps from one validation to the next. */
  readonly validateEvery: number
}

export interface LoopTask {
  loss(): tf.Scalar
  /** Answers whether training is to go on. */
  validate(): { readonly metrics: Readonly<Record<string, number>>; readonly goesOn: boolean }
}

/** Where the learning rate ends, of its peak. */
const FLOOR = 0.02
/** Steps from one report to the next, in which the loss is read. */
const REPORT_EVERY = 20
/** How much an older loss still weighs in the one reported. */
const SMOOTHING = 0.8

/**
 * Steps of AdamW with warm-up and a cosine that reaches its floor with the last step or with the end of the budget,
 * whichever comes first: so a budget that does not suffice ends in a finished model, though one that depends on the
 * machine's speed.
 *
 * @returns steps, seconds and, where there was a step, the smoothed loss
 * @throws the signal's reason
 */
export async function runTraining(
  parameters: Parameters,
  task: LoopTask,
  loop: LoopOptions,
  { budgetSeconds, signal, onProgress }: Pick<TrainOptions, 'budgetSeconds' | 'signal' | 'onProgress'>,
): Promise<Readonly<Record<string, number>>> {
  const adam = new Adam(loop)
  const variables = [...parameters.values()]
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  let smoothed = Number.NaN
  let validation: Readonly<Record<string, number>> | undefined
  let step = 0
  let goesOn = true
  while (goesOn && step < loop.steps && seconds() < budgetSeconds) {
    const done = Math.max(step / loop.steps, seconds() / budgetSeconds)
    const learningRate = learningRateAt(step, done, loop)
    const { value, grads } = tf.variableGrads(() => task.loss(), variables)
    adam.step(parameters, grads, learningRate)
    step++
    if (step === 1 || step % REPORT_EVERY === 0 || step === loop.steps) {
      const loss = value.dataSync()[0]!
      smoothed = Number.isNaN(smoothed) ? loss : SMOOTHING * smoothed + (1 - SMOOTHING) * loss
      const left = Math.min(budgetSeconds - seconds(), (seconds() / step) * (loop.steps - step))
      onProgress?.({
        model: loop.model,
        step,
        steps: loop.steps,
        loss: smoothed,
        learningRate,
        etaSeconds: Math.max(0, left),
        ...(validation && { validation }),
      })
    }
    value.dispose()
    tf.dispose(grads)
    if (step % loop.validateEvery === 0) {
      const outcome = task.validate()
      validation = outcome.metrics
      goesOn = outcome.goesOn
    }
    // Lets messages in, the one that aborts among them.
    await new Promise(setImmediate)
    signal?.throwIfAborted()
  }
  return { steps: step, seconds: seconds(), ...(step > 0 && { loss: smoothed }) }
}

function learningRateAt(step: number, done: number, { peakLearningRate, warmUpSteps }: LoopOptions): number {
  const cosine = FLOOR + (1 - FLOOR) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, done)))
  return peakLearningRate * Math.min(1, (step + 1) / warmUpSteps) * cosine
}
