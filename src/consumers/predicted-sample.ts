import { DEFAULT_KINDS } from '../events/kinds.ts'
import { keyHash } from '../events/topics.ts'
import type { Interaction } from '../events/types.ts'

export interface PredictedSampleOptions<Prediction> {
  /** Asks who serves what it would have recommended just now. */
  readonly ask: (event: Interaction) => Promise<Prediction>
  /** Told of a prediction that was there before its event was folded; of undefined where one was late or failed. */
  readonly onPredicted: (prediction: Prediction | undefined) => void
  /** Between two predictions at least. */
  readonly intervalMs?: number
  /** How long folding waits for one, and for how long nobody is asked after that was too short. */
  readonly patienceMs?: number
  readonly pauseMs?: number
}

/**
 * The events that are predicted before they are learned (prequential: Gama et al., Machine Learning 2013): few enough
 * for folding not to be slower for it.
 */
export class PredictedSample<Prediction> {
  readonly #options: Required<PredictedSampleOptions<Prediction>>
  #nextMs = 0

  constructor(options: PredictedSampleOptions<Prediction>) {
    this.#options = { intervalMs: 250, patienceMs: 150, pauseMs: 2_000, ...options }
  }

  /** Index of the event of a batch that is to be predicted, or -1: of those that are visits, one as good as at random. */
  choose(events: readonly Interaction[], now = performance.now()): number {
    if (now < this.#nextMs) return -1
    let [chosen, least] = [-1, Number.POSITIVE_INFINITY]
    for (const [index, { kind, eventId }] of events.entries()) {
      if (!DEFAULT_KINDS[kind].consumes) continue
      const hash = keyHash(eventId)
      if (hash < least) [chosen, least] = [index, hash]
    }
    if (chosen >= 0) this.#nextMs = now + this.#options.intervalMs
    return chosen
  }

  /** To be awaited with everything before the event committed, and the event not folded. Never rejects. */
  async predict(event: Interaction): Promise<void> {
    const { ask, onPredicted, patienceMs, pauseMs } = this.#options
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, patienceMs, undefined)
    })
    const prediction = await Promise.race([ask(event).catch(() => undefined), late])
    clearTimeout(timer)
    if (prediction === undefined) this.#nextMs = performance.now() + pauseMs
    onPredicted(prediction)
  }
}
