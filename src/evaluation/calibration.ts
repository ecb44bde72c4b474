/** A list of a thousand items has probabilities of a thousandth: three bins a power of ten, and one for all below. */
const PER_DECADE = 3
const LEAST_DECADE = -4
const BINS = 1 - PER_DECADE * LEAST_DECADE

/** Predicted probabilities in bins, with what came of them. */
export interface Calibration {
  readonly count: Float64Array
  /** Sums. */
  readonly predicted: Float64Array
  readonly actual: Float64Array
}

export function emptyCalibration(): Calibration {
  return { count: new Float64Array(BINS), predicted: new Float64Array(BINS), actual: new Float64Array(BINS) }
}

/** @param probability 0 to 1 */
export function addPrediction(into: Calibration, probability: number, happened: boolean): void {
  const above = 1 + Math.floor(PER_DECADE * (Math.log10(probability) - LEAST_DECADE))
  const bin = Math.min(BINS - 1, Math.max(0, above))
  into.count[bin]!++
  into.predicted[bin]! += probability
  if (happened) into.actual[bin]!++
}

export function mergeCalibration(into: Calibration, other: Calibration): void {
  for (let bin = 0; bin < BINS; bin++) {
    into.count[bin]! += other.count[bin]!
    into.predicted[bin]! += other.predicted[bin]!
    into.actual[bin]! += other.actual[bin]!
  }
}

/**
 * Expected calibration error: the mean distance of a bin's mean prediction to its share of positives, weighted by how
 * many fell into it. Guo et al., ICML 2017.
 */
export function expectedCalibrationError({ count, predicted, actual }: Calibration): number {
  let error = 0
  let total = 0
  for (let bin = 0; bin < BINS; bin++) {
    error += Math.abs(predicted[bin]! - actual[bin]!)
    total += count[bin]!
  }
  return total === 0 ? 0 : error / total
}

/** The points of a reliability diagram: bins that anything fell into. */
export function reliability({
  count,
  predicted,
  actual,
}: Calibration): { n: number; predicted: number; actual: number }[] {
  return Array.from(count, (n, bin) => ({ n, predicted: predicted[bin]! / n, actual: actual[bin]! / n })).filter(
    ({ n }) => n > 0,
  )
}
