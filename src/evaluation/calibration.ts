/**
 * Expected calibration error: predictions in `bins` of equal width; the mean distance of a bin's mean prediction to
 * its share of positives, weighted by how many fell into it. Guo et al., ICML 2017.
 *
 * @param predicted probabilities, 0 to 1
 * @param actual 1 where it happened, 0 where not
 */
export function expectedCalibrationError(predicted: readonly number[], actual: readonly number[], bins = 10): number {
  const count = new Float64Array(bins)
  const predictedSum = new Float64Array(bins)
  const actualSum = new Float64Array(bins)
  predicted.forEach((probability, index) => {
    const bin = Math.min(bins - 1, Math.floor(probability * bins))
    count[bin]!++
    predictedSum[bin]! += probability
    actualSum[bin]! += actual[index]!
  })
  let error = 0
  for (let bin = 0; bin < bins; bin++) error += Math.abs(predictedSum[bin]! - actualSum[bin]!)
  return predicted.length === 0 ? 0 : error / predicted.length
}
