// The thread that folds asks the one that serves what it would have recommended, and tells it what came in time.
import type { LiveStateConsumerOptions } from '../consumers/live-state-consumer.ts'
import { PredictedSample } from '../consumers/predicted-sample.ts'
import type { Interaction } from '../events/types.ts'
import type { Prediction } from '../serving/prediction.ts'

/** What the folding thread says. */
export type PredictionCall =
  | { readonly type: 'predict'; readonly id: number; readonly event: Interaction }
  /** There before the event was folded; without one, late or failed. */
  | { readonly type: 'predicted'; readonly prediction: Prediction | undefined }

/** What the serving thread answers. */
export interface PredictionAnswer {
  readonly type: 'prediction'
  readonly id: number
  /** Undefined where it failed. */
  readonly prediction: Prediction | undefined
}

/** Who answers the calls. */
export interface Predictor {
  predict(event: Interaction): Promise<Prediction>
  /** @param prediction undefined for one that was late or failed */
  add(prediction: Prediction | undefined): void
}

/** Of the folding thread. */
export class PredictionCalls {
  readonly #post: (call: PredictionCall) => void
  readonly #waiting = new Map<number, (answer: PredictionAnswer) => void>()
  #asked = 0
  readonly sample: NonNullable<LiveStateConsumerOptions['sample']>

  constructor(post: (call: PredictionCall) => void) {
    this.#post = post
    this.sample = new PredictedSample<Prediction>({
      ask: (event) => this.#ask(event),
      onPredicted: (prediction) => post({ type: 'predicted', prediction }),
    })
  }

  answered(answer: PredictionAnswer): void {
    this.#waiting.get(answer.id)?.(answer)
    this.#waiting.delete(answer.id)
  }

  #ask(event: Interaction): Promise<Prediction> {
    const id = this.#asked++
    this.#post({ type: 'predict', id, event })
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ prediction }) => (prediction ? resolve(prediction) : reject(new Error('no prediction'))))
    })
  }
}

/** Of the serving thread. */
export async function answerCall(
  call: PredictionCall,
  predictor: Predictor,
  post: (answer: PredictionAnswer) => void,
): Promise<void> {
  if (call.type === 'predicted') return predictor.add(call.prediction)
  const prediction = await predictor.predict(call.event).catch(() => undefined)
  post({ type: 'prediction', id: call.id, prediction })
}
