import type { ModelName } from '../models/model-trainer.ts'
import type { RequestContext } from '../retrieval/sources/candidate-source.ts'

/**
 * Models whose inner products with all candidates are features, whatever found them, and the cosines between these and the
 * user's latest item.
 */
const TOWERS: readonly ModelName[] = ['sequence', 'two-tower']

export const TOWER_FEATURES: readonly string[] = [
  ...TOWERS.map((model) => `nearness-${model}`),
  ...TOWERS.map((model) => `likeness-${model}`),
]

/**
 * What the trained models of a release make of candidates; 0 where there is none.
 * @param into (candidates, width): TOWER_FEATURES are its last columns
 */
export function readTowers(
  context: RequestContext,
  candidates: readonly number[],
  into: Float32Array,
  width: number,
): void {
  for (const [tower, model] of TOWERS.entries()) {
    const nearness = width - TOWER_FEATURES.length + tower
    readNearness(model, context, candidates, into, nearness, width)
    readLikeness(model, context, candidates, into, nearness + TOWERS.length, width)
  }
}

/** Logits, of what a model does not know its least. */
function readNearness(
  model: ModelName,
  context: RequestContext,
  candidates: readonly number[],
  into: Float32Array,
  column: number,
  width: number,
): void {
  const scores = context.release?.scores(model, candidates, context)
  if (!scores) {
    for (let i = 0; i < candidates.length; i++) into[i * width + column] = 0
    return
  }
  let least = Infinity
  for (let i = 0; i < scores.length; i++) if (scores[i]! > -Infinity && scores[i]! < least) least = scores[i]!
  if (least === Infinity) least = 0
  for (let i = 0; i < scores.length; i++) into[i * width + column] = scores[i]! > -Infinity ? scores[i]! : least
}

/** Cosines with the latest entry of the history, 0 for what a model does not know. */
function readLikeness(
  model: ModelName,
  { release, history }: RequestContext,
  candidates: readonly number[],
  into: Float32Array,
  column: number,
  width: number,
): void {
  const cosines = history.length > 0 ? release?.cosines(model, history[0]!.item, candidates) : undefined
  for (let i = 0; i < candidates.length; i++) into[i * width + column] = cosines?.[i] ?? 0
}
