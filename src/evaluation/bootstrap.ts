import type { Random } from '../random.ts'

export type Interval = readonly [low: number, high: number]

/**
 * The 95 % interval of a mean over cases, by resampling whole users with replacement (percentile bootstrap): a user's
 * cases depend on each other.
 *
 * @param sums of the metric, and `counts` of cases, by user
 */
export function bootstrapInterval(
  sums: ArrayLike<number>,
  counts: ArrayLike<number>,
  random: Random,
  resamples = 1000,
): Interval {
  const users = sums.length
  const means = new Float64Array(resamples)
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0
    let count = 0
    for (let i = 0; i < users; i++) {
      const user = random.below(users)
      sum += sums[user]!
      count += counts[user]!
    }
    means[resample] = count === 0 ? 0 : sum / count
  }
  means.sort()
  return [means[Math.floor(0.025 * resamples)]!, means[Math.ceil(0.975 * resamples) - 1]!]
}
