import type { RankingExample } from './ranking-examples.ts'

const CUT_OFF = 10
/** Bins of equally many answers, over which probabilities are compared with what happened. */
const BINS = 10

/** What a ranker's answers to examples are worth: how high what was taken stands, and whether probabilities hold. */
export class RankingMeter {
  #cases = 0
  #ranked = 0
  #hits = 0
  #gain = 0
  #reciprocal = 0
  readonly #pleased: { readonly probability: number; readonly truth: number }[] = []

  /** A case in which retrieval had not found what was taken. */
  miss(): void {
    this.#cases++
  }

  /**
   * @param logits by candidate of the example, the target first
   * @param satisfaction logit that the target pleases
   */
  add(example: RankingExample, logits: ArrayLike<number>, satisfaction = Number.NaN): void {
    if (!Number.isNaN(example.satisfied) && !Number.isNaN(satisfaction)) {
      this.#pleased.push({ probability: 1 / (1 + Math.exp(-satisfaction)), truth: example.satisfied })
    }
    if (example.engaged === 0) return
    this.#cases++
    this.#ranked++
    // Ties count half, as they do in evaluation.
    let rank = 0
    for (let i = 1; i < logits.length; i++) {
      if (logits[i]! > logits[0]!) rank++
      else if (logits[i] === logits[0]) rank += 0.5
    }
    rank = Math.floor(rank)
    this.#reciprocal += 1 / (rank + 1)
    if (rank >= CUT_OFF) return
    this.#hits++
    this.#gain += 1 / Math.log2(rank + 2)
  }

  get metrics(): Readonly<Record<string, number>> {
    const n = Math.max(1, this.#cases)
    return {
      cases: this.#cases,
      retrieved: this.#ranked / n,
      'HR@10': this.#hits / n,
      'NDCG@10': this.#gain / n,
      MRR: this.#reciprocal / n,
      ...(this.#pleased.length > 0 && { 'satisfaction AUC': this.#auc(), 'satisfaction ECE': this.#ece() }),
    }
  }

  /** How often one that pleased was given a greater probability than one that did not. */
  #auc(): number {
    let [pleased, others, ordered] = [0, 0, 0]
    for (const { truth } of this.#sorted()) {
      if (truth === 1) {
        pleased++
        ordered += others
      } else others++
    }
    return pleased * others === 0 ? 0.5 : ordered / (pleased * others)
  }

  /** Expected calibration error: Naeini, Cooper and Hauskrecht, AAAI 2015, over bins of equally many. */
  #ece(): number {
    const sorted = this.#sorted()
    let error = 0
    for (let bin = 0; bin < BINS; bin++) {
      const part = sorted.slice((bin * sorted.length) / BINS, ((bin + 1) * sorted.length) / BINS)
      error += Math.abs(part.reduce((sum, { probability, truth }) => sum + probability - truth, 0))
    }
    return error / sorted.length
  }

  #sorted() {
    return this.#pleased.toSorted((a, b) => a.probability - b.probability)
  }
}
